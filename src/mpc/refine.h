/** Newton's steps on the few numbers of rows: what a look-up of a wide range cannot do at once.
 *
 * Source: docs/design/mpc-refine.md. x and seed have been opened and have grown to 64 bits. x has
 * as many bits as it needs for a part of 2^-15 of the smallest, seed 2^REFINE_SEED_FRAC for the
 * answer of the largest: rounding it is one more error of the seed and does no harm.
 */
#ifndef TACIT_MPC_REFINE_H
#define TACIT_MPC_REFINE_H

#include "mpc/gates.h"

enum { REFINE_SEED_FRAC = 9 };

/** Widths at which they are opened, for x up to so many times its smallest. */
typedef struct {
    unsigned argument; /* |x| < 2^(argument - 2) */
    unsigned seed;
} refine_widths;
refine_widths mpc_refine_widths(double ratio, bool root);

/** y near 1/x, in a ring of 64 bits. Opens nothing. */
status mpc_refine_reciprocal(mpc *p, wire **y, const wire *x, const wire *seed) MUST_USE;

/** y near √(of / x), from a seed of the same. One round. */
status mpc_refine_root(mpc *p, wire **y, const wire *x, const wire *seed, double of) MUST_USE;

#endif
