/** What the two servers and the dealer have in common: a model's architecture, its plan, their own
 * part of its weights, and threads. */
#ifndef TACIT_PARTY_MPC_PARTY_H
#define TACIT_PARTY_MPC_PARTY_H

#include "base/hash.h"
#include "base/pool.h"
#include "mpc/engine.h"
#include "net/channel.h"

typedef struct {
    mpc_holder who;
    const model *model; /* weights are not read */
    const mpc_plan *plan;
    const mpc_weights *weights;
    uint8_t hash[HASH_BYTES]; /* of the sharing: the same at all parties */
    isa isa;
    size_t threads;
} mpc_party;

/** The terms under which parties of one sharing meet. */
status mpc_party_handshake(channel *c, bool leads, const mpc_party *p, error *err) MUST_USE;

/** A walk over this party's weights; the caller fills in the rest. */
mpc_setup mpc_party_walk(const mpc_party *p, mpc_phase phase);

#endif
