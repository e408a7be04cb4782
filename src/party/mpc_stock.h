/** A server's dealt material in use: whichever session needs an inference takes one, and none is
 * taken twice.
 *
 * Both servers must take the same one. server0 proposes the next that it has, having burned it;
 * server1 burns it too, or says that it is further on, where server0's journal is an old one, and
 * server0 goes on from there. So a server that was set back does not make masks come twice unless
 * both were.
 */
#ifndef TACIT_PARTY_MPC_STOCK_H
#define TACIT_PARTY_MPC_STOCK_H

#include "mpc/dealt.h"
#include "nn/engine.h"
#include "party/mpc_material.h"
#include "party/mpc_party.h"

typedef struct mpc_stock mpc_stock;

/** Take material in use: for this process alone, until it is freed. ERR_POLICY where it is of
 * another sharing, another party's, copied, or in use; ERR_AUTH where others may read it;
 * ERR_ARTEFACT where it is damaged. */
status mpc_stock_open(mpc_stock **out, const char *dir, const mpc_party *p, error *err) MUST_USE;
void mpc_stock_free(mpc_stock *s); /* NULL is fine */

/** How many inferences are left, of all kinds together. */
uint64_t mpc_stock_left(mpc_stock *s);

/** One inference's words as server 1 reads them. */
typedef struct mpc_ration mpc_ration;

/** Agree with the other server on an inference for these lengths, burn it, and give its root; to
 * server 1 its words as well, in *words, else NULL. ERR_RESOURCE where none is left. */
status mpc_stock_take(mpc_stock *s, channel *peer, const sequences *lengths, mpc_asks asks,
                      uint8_t root[MPC_ROOT_BYTES], mpc_ration **words, error *err) MUST_USE;

/** Where dealt_take finds them. */
dealt_file mpc_ration_file(mpc_ration *r);
void mpc_ration_free(mpc_ration *r); /* NULL is fine */

#endif
