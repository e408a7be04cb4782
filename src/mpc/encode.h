/** Weights of a model as words of the ring, with everything folded in that is linear: gains of
 * norms, centring, scales of scores and of look-ups. The model owner's step, in the clear. */
#ifndef TACIT_MPC_ENCODE_H
#define TACIT_MPC_ENCODE_H

#include "mpc/plan.h"

/** w[o * in + i] and bias[o] (at frac + MPC_FRAC) of a linear map, mod 2^bits.
 * Returns ERR_PRECISION where a weight does not fit its ring. */
status mpc_encode_linear(uint64_t *w, uint64_t *bias, const model *m, const mpc_plan *p,
                         const linear *l, error *err) MUST_USE;

/** γ (MPC_GAMMA_FRAC) and β of a norm, for the residual beside it. */
void mpc_encode_norm(uint64_t *gamma, uint64_t *beta, const norm *n, unsigned bits);

/** The norm of that id, or NULL. */
const norm *mpc_norm_find(const model *m, uint32_t id);

#endif
