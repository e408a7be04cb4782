/* Newton's steps towards 1/x and x^-1/2 from a look-up's rough answer. docs/design/mpc-refine.md
 *
 * A seed that is off by a part e of itself leaves e² for 1/x, 3/2 e² for x^-1/2. */
#include <math.h>

#include "base/mem.h"
#include "mpc/plan.h"
#include "mpc/refine.h"

enum { RING = 64 };

refine_widths mpc_refine_widths(double ratio, bool root)
{
    const int log_ratio = mpc_magnitude(ratio);
    const int fine = 15 + log_ratio > 30 ? 30 : 15 + log_ratio;
    return (refine_widths){
        .argument = (unsigned)fine + 2,
        .seed = (unsigned)(REFINE_SEED_FRAC + (root ? (log_ratio + 1) / 2 : log_ratio) + 4),
    };
}

/* y = 2^(1 + shift)·seed - x·seed² */
status mpc_refine_reciprocal(mpc *p, wire **y, const wire *x, const wire *seed)
{
    const unsigned shift = x->frac + seed->frac;
    wire *z;
    TRY(mpc_product_square(p, &z, x, seed, RING));
    const status st = mpc_grow(p, y, seed);
    if (st == OK) {
        mpc_multiply_public(p, *y, UINT64_C(2) << shift, shift);
        mpc_multiply_public(p, z, UINT64_MAX, 0);
        mpc_add_shifted(p, *y, z, 0);
    }
    wire_drop(p, z);
    return st;
}

/* y = seed·(3C - x·seed²)/2C, C what x·seed² is for a seed without error. */
status mpc_refine_root(mpc *p, wire **y, const wire *x, const wire *seed, double of)
{
    enum { FRAC = 17, OPENED = FRAC + 5, FACTOR_FRAC = 16 };
    const unsigned frac = x->frac + 2 * seed->frac;
    const int drop = (int)floor(log2(of)) + (int)frac - FRAC;
    const double c = ldexp(of, (int)frac - drop);
    wire *t;
    *y = NULL;
    TRY(mpc_product_square(p, &t, x, seed, RING));
    mpc_multiply_public(p, t, UINT64_MAX, 0);
    mpc_add_public(p, t, (uint64_t)rint(ldexp(3 * of, (int)frac)));
    mpc_truncate(p, t, (unsigned)drop);
    mpc_narrow(p, t, OPENED);
    const opening o = {.x = t, .width = OPENED, .grow = RING};
    status st = mpc_open(p, &o, 1);
    if (st == OK) {
        st = mpc_product(p, y, seed, t, RING);
    }
    if (st == OK) {
        mpc_multiply_public(p, *y, (uint64_t)rint(ldexp(1 / c, FRAC + FACTOR_FRAC)), 0);
        (*y)->frac = seed->frac + FRAC + FACTOR_FRAC + 1;
    }
    wire_drop(p, t);
    return st;
}
