/** The dealer's side of a session: for each inference that both servers ask for it draws fresh
 * roots and deals. It learns the model's architecture and the lengths, nothing of data or
 * weights. */
#ifndef TACIT_PARTY_MPC_DEALER_H
#define TACIT_PARTY_MPC_DEALER_H

#include "party/mpc_party.h"

/** Until both servers say that no more comes. One thread. tally, which may be NULL: what was dealt
 * and the seconds that it took, all of them offline. */
status mpc_dealer_serve(const mpc_party *p, channel *server0, channel *server1, mpc_tally *tally,
                        error *err) MUST_USE;

#endif
