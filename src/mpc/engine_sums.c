/* Row sums of attention's weights, and one over them. docs/design/mpc-refine.md */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "mpc/attend.h"
#include "mpc/secformer_2024.h"

/* Row sums, before the weights lose bits. They are packed by sequence and head. */
static status row_sums(attend_run *r)
{
    mpc *p = r->p;
    const sequences *seqs = r->h.seqs;
    r->sums = wire_new(p, mpc_queries_count(&r->h), r->weights->bits, r->weights->frac);
    if (!r->sums) {
        return ERR_RESOURCE;
    }
    const uint64_t *from = r->weights->share;
    uint64_t *to = r->sums->share;
    for (size_t i = 0; mpc_has_shares(p) && i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i], rows = r->h.heads * n;
        p->kernels->row_sums(to, from, rows, n, ring_mask(r->sums->bits));
        from += rows * n;
        to += rows;
    }
    return OK;
}

/* Words of SUM_BITS bits for sums D: with word = D·c / 2^t and z = word · period / 2^20,
 * 1 / D = (period · c / 2^t) / z. c depends on the length, which is public. */
static status scale_sums(attend_run *r)
{
    const mpc_series *s = &r->e->plan->functions[r->ap->reciprocal].series;
    const sequences *seqs = r->h.seqs;
    const unsigned t = r->sums->bits - SUM_BITS;
    uint64_t *c = mpc_words(r->p, r->sums->n);
    if (!c) {
        return ERR_RESOURCE;
    }
    double most = 0;
    size_t row = 0;
    for (size_t i = 0; i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i];
        const double by = floor(ldexp(1, (int)t + SUM_BITS - (int)r->sums->frac) /
                                (s->period * attend_largest_sum(r, n)));
        /* a seed is that of 2^above / D, so that its rows are as large as one another */
        const int up = r->is_seed ? mpc_magnitude(attend_largest_sum(r, n)) : 0;
        const double gain = s->period * ldexp(by, (int)r->sums->frac - SUM_BITS - (int)t + up);
        for (size_t j = 0; j < r->h.heads * n; j++, row++) {
            c[row] = (uint64_t)by;
            r->gain.gain[row] = gain;
        }
        most = fmax(most, gain);
        if (by < 16) {
            mpc_words_drop(r->p, c);
            return error_set(r->p->err, ERR_PRECISION,
                             "'%s': %zu tokens are more than its calibrated ranges allow",
                             r->a->name, n);
        }
    }
    (void)frexp(most, &r->gain.exponent);
    r->gain.exponent = -r->gain.exponent;
    for (size_t i = 0; i < r->sums->n; i++) {
        r->gain.gain[i] = ldexp(r->gain.gain[i], r->gain.exponent);
    }
    mpc_multiply_rows(r->p, r->sums, c, r->sums->n, t);
    mpc_truncate(r->p, r->sums, t);
    mpc_words_drop(r->p, c);
    return OK;
}

/* The sums again, of each row as many bits as Newton's step needs: D·2^(bits - 2 - above). */
static status fine_sums(attend_run *r)
{
    const sequences *seqs = r->h.seqs;
    const int bits = (int)r->refined.argument, frac = (int)r->sums->frac;
    uint64_t *c = mpc_words(r->p, r->sums->n);
    const status st = c ? mpc_copy(r->p, &r->fine, r->sums) : ERR_RESOURCE;
    if (st != OK) {
        mpc_words_drop(r->p, c);
        return st;
    }
    const int down = frac - (bits - 2 - mpc_magnitude(attend_largest_sum(r, r->longest)));
    const unsigned t = down > 0 ? (unsigned)down : 0;
    size_t row = 0;
    for (size_t i = 0; i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i];
        const int above = mpc_magnitude(attend_largest_sum(r, n));
        for (size_t j = 0; j < r->h.heads * n; j++, row++) {
            c[row] = UINT64_C(1) << (bits - 2 - above - frac + (int)t);
            r->above[row] = (uint8_t)(above + 64);
        }
    }
    mpc_multiply_rows(r->p, r->fine, c, r->fine->n, 0);
    mpc_truncate(r->p, r->fine, t);
    mpc_words_drop(r->p, c);
    r->fine->frac = r->refined.argument - 2;
    if (r->fine->bits < r->refined.argument) {
        return error_set(r->p->err, ERR_PRECISION, "'%s': row sums of %g to %g are too far apart",
                         r->a->name, r->ap->sum_lo, r->ap->sum_hi);
    }
    mpc_narrow(r->p, r->fine, r->refined.argument);
    return OK;
}

/* Row sums as words of a look-up, and once more where that is only a seed. */
/* Each sequence's sums by themselves, since the range goes with the length. */
static status guard_sums(attend_run *r)
{
    const sequences *seqs = r->h.seqs;
    const double unit = ldexp(1, (int)r->sums->frac);
    const uint64_t *from = r->sums->share;
    for (size_t i = 0; r->e->asks.guard && i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i], rows = r->h.heads * n;
        wire *part = wire_new(r->p, rows, r->sums->bits, r->sums->frac);
        if (!part) {
            return ERR_RESOURCE;
        }
        if (mpc_has_shares(r->p)) {
            memcpy(part->share, from, rows * sizeof *from);
            from += rows;
        }
        const status st =
            mpc_guard(r->e, part, attend_least_sum(r, n) * unit, attend_largest_sum(r, n) * unit);
        wire_drop(r->p, part);
        TRY(st);
    }
    return OK;
}

status attend_sums(attend_run *r)
{
    const size_t rows = mpc_queries_count(&r->h);
    r->gain.gain = mem_new(rows, sizeof *r->gain.gain);
    r->above = mem_new(rows, sizeof *r->above);
    if (!r->gain.gain || !r->above) {
        return error_memory(r->p->err);
    }
    TRY(row_sums(r));
    TRY(guard_sums(r));
    if (r->e->plan->protocol == MPC_SECFORMER_2024) { /* a power of two deflates */
        r->refined.argument = SECFORMER_SUM_BITS;
        TRY(fine_sums(r));
        wire_drop(r->p, r->sums);
        r->sums = NULL;
        return OK;
    }
    const mpc_function_plan *f = &r->e->plan->functions[r->ap->reciprocal];
    r->is_seed = mpc_is_seed(f);
    if (r->is_seed) {
        r->refined = mpc_refine_widths(f->series.hi / f->series.lo, false);
        TRY(fine_sums(r));
    }
    return scale_sums(r);
}

/* What the divisor counts beside D, row by row, to what all of it counts. */
static status settle_divisor(attend_run *r)
{
    mpc *p = r->p;
    for (size_t i = 0; i < r->divisor->n; i++) {
        const int drop = (int)r->divisor->frac + r->above[i] - 64 - (int)r->divisor_frac;
        if (drop < 1 || drop + (int)r->divisor_bits > FINE_RING) {
            return error_set(p->err, ERR_PRECISION,
                             "'%s': row sums of %zu to %zu tokens are too far apart", r->a->name,
                             r->shortest, r->longest);
        }
        r->above[i] = (uint8_t)drop;
    }
    mpc_settle_rows(p, r->divisor, r->above, r->divisor->n, r->divisor_frac, r->divisor_bits);
    return OK;
}

/* One more round: 1 / D by Newton's step, from a look-up that only begins it. */
static status refine(attend_run *r, const wire *seed)
{
    TRY(mpc_refine_reciprocal(r->p, &r->divisor, r->fine, seed));
    return settle_divisor(r);
}

status attend_invert(attend_run *r)
{
    if (r->e->plan->protocol == MPC_SECFORMER_2024) {
        TRY(secformer_reciprocal(r->p, &r->divisor, r->fine, 2 * r->ap->sum_hi / r->ap->sum_lo));
        return settle_divisor(r);
    }
    if (!r->is_seed) {
        return mpc_apply(r->e, &r->divisor, r->sums, r->ap->reciprocal, &r->gain, r->divisor_bits,
                         r->divisor_frac);
    }
    wire *seed;
    TRY(mpc_apply(r->e, &seed, r->sums, r->ap->reciprocal, &r->gain, r->refined.seed,
                  REFINE_SEED_FRAC));
    const opening o = {.x = seed, .width = r->refined.seed, .grow = FINE_RING};
    status st = mpc_open(r->p, &o, 1);
    if (st == OK) {
        st = refine(r, seed);
    }
    wire_drop(r->p, seed);
    return st;
}
