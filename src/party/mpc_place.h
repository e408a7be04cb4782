/** The directory of one party of a sharing: what may be in it, and what the party makes of it. */
#ifndef TACIT_PARTY_MPC_PLACE_H
#define TACIT_PARTY_MPC_PLACE_H

#include "mpc/shares.h"
#include "party/mpc_sharing.h"

/** A server's or the dealer's. */
typedef struct {
    mpc_sharing sharing;
    mpc_holder who;
    model *model; /* without weights */
    mpc_plan *plan;
    share_layout layout;
    file_map masked; /* servers alone */
    mpc_weights *weights;
} mpc_place;

/** Read a directory that mpc_share has written for that role: server0, server1 or dealer. Every
 * file belongs to this user and nobody else may read it, ERR_AUTH; there is none that such a party
 * has no use for, clear weights above all, and none that is not of the sharing, ERR_POLICY. */
status mpc_place_open(mpc_place *out, const char *dir, role who, error *err) MUST_USE;
void mpc_place_close(mpc_place *p); /* a zeroed one is fine */

/** The data owner's: tables and labels are read by model_open_tables; this checks that they are
 * those of the sharing. */
status mpc_place_check_owner(mpc_sharing *out, const char *dir, error *err) MUST_USE;

#endif
