/** Splitting polynomials among threads: whole limbs, or parts of limbs. Bit for bit the same for
 * any number of threads, since no part's result depends on another's. */
#ifndef TACIT_CKKS_PARTS_H
#define TACIT_CKKS_PARTS_H

#include "ckks/ring.h"

/* Elements of a part: small enough that two threads share a limb, large enough for the pool. */
enum { CKKS_PART = 8192 };

/** fn(ctx, begin, end, worker) over n pieces, on this thread where there is no pool. */
static inline void ckks_split(pool *p, size_t n, pool_fn *fn, void *ctx)
{
    if (p) {
        parallel_for(p, n, 1, fn, ctx);
    } else {
        fn(ctx, 0, n, 0);
    }
}

typedef struct {
    size_t limb, from, n; /* elements [from, from + n) of the limb */
    size_t at;            /* the same in the polynomial */
} ckks_part;

static inline size_t ckks_parts_of_limb(const ckks_ring *r)
{
    return r->n > CKKS_PART ? r->n / CKKS_PART : 1;
}

static inline ckks_part ckks_part_nth(const ckks_ring *r, size_t i)
{
    const size_t each = ckks_parts_of_limb(r), n = r->n / each;
    ckks_part p = {.limb = i / each, .from = i % each * n, .n = n};
    p.at = p.limb * r->n + p.from;
    return p;
}

#endif
