/** SecFormer's own protocols for GeLU, division and inverse root, as published in 2024: what ours
 * are measured against in one program.
 *
 * Source: Luo et al., SecFormer, Findings of ACL 2024. docs/design/mpc-secformer-2024.md says where
 * this follows the paper rather than its code, and what is left to the engine.
 */
#ifndef TACIT_MPC_SECFORMER_2024_H
#define TACIT_MPC_SECFORMER_2024_H

#include "mpc/gates.h"

enum {
    SECFORMER_PERIOD_BITS = 18, /* word of one period of the sines */
    SECFORMER_DIVISION_STEPS = 13,
    SECFORMER_ROOT_STEPS = 11,
    SECFORMER_SUM_BITS = 27 /* at which a sum to be divided by is opened; two less are fraction */
};

/** The sines' period, in units of GeLU's argument. */
double secformer_period(void);

/** The segmented GeLU as a real number: what the protocol computes but for rounding. */
double secformer_gelu_at(double x);

/** By what part 1/x and x^-1/2 of the smallest x are off where the largest is `ratio` times it. */
double secformer_division_error(double ratio);
double secformer_root_error(double ratio);

/** Bits of the ring of GeLU's argument where |x| <= most. */
unsigned secformer_gelu_bits(double most);

/** y = GeLU(x) at MPC_FRAC fraction bits in a ring of out_bits; words of x are
 * 2^SECFORMER_PERIOD_BITS / period for 1, in a ring of `bits`. x is opened. Four rounds. */
status secformer_gelu(mpc *p, wire **y, wire *x, unsigned bits, unsigned out_bits) MUST_USE;

/** y near 1/q in a ring of 64 bits, for 1/most < q <= 1, opened at SECFORMER_SUM_BITS and grown to
 * 64. Another round for every step but the first. */
status secformer_reciprocal(mpc *p, wire **y, const wire *q, double most) MUST_USE;

/** y near scale · v^-1/2 in a ring of 64 bits, for v in [lo, hi], not yet open. Two rounds for
 * every step but the last, which takes one. ERR_PRECISION where v has too few bits. */
status secformer_rsqrt(mpc *p, wire **y, wire *v, double lo, double hi, double scale) MUST_USE;

#endif
