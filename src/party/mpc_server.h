/** A computing server's side of a session with one data owner.
 *
 * It learns lengths and uniformly masked words. Two threads: one prepares what does not depend on
 * the input, the other answers.
 */
#ifndef TACIT_PARTY_MPC_SERVER_H
#define TACIT_PARTY_MPC_SERVER_H

#include "party/mpc_party.h"

typedef struct mpc_stock mpc_stock; /* party/mpc_stock.h */

typedef struct {
    channel *owner, *peer;
    channel *dealer;  /* or, where it is NULL, */
    mpc_stock *stock; /* material that was dealt beforehand */
    /** Bytes that may be prepared ahead of their use; 0: an inference's are all prepared before
     * its first opening, so that offline and online can be told apart. */
    size_t ahead;
} mpc_session;

/** Until the owner says that no more comes. tally is added to, and may be NULL. */
status mpc_server_serve(const mpc_party *p, const mpc_session *s, mpc_tally *tally,
                        error *err) MUST_USE;

#endif
