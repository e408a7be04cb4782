/* 2Quad attention, weights (s + c)² over their sum or over a constant, in five rounds.
 * docs/design/mpc-encoder.md. */
#include <math.h>

#include "base/mem.h"
#include "mpc/refine.h"
#include "mpc/state.h"

enum {
    VALUE_FRAC = 10,
    WEIGHT_BITS = MPC_CONTEXT_BITS, /* opened width of weights and values */
    SUM_BITS = 20,
    SUMMED_BITS = 23,  /* of the context before division */
    DIVISOR_BITS = 24, /* of 1 / row sum, at least */
    DIVISOR_FRAC = 14, /* bits that the smallest of them has */
    FINE_RING = 64,
};

typedef struct {
    mpc_engine *e;
    mpc *p;
    const attention *a;
    const mpc_attention_plan *ap;
    mpc_heads h;
    size_t longest, shortest;
    unsigned weight_frac, summed_frac, divisor_frac, divisor_bits, square_bits;
    wire *q, *k, *v, *weights, *sums, *fine, *summed, *divisor;
    refine_widths refined; /* where the look-up of 1 / row sum is a seed */
    bool is_seed;
    uint8_t *above; /* by row: the row sum is below 2^above */
    lookup_gain gain;
} run;

static int magnitude(double x)
{
    return (int)ceil(log2(x));
}

static double kappa(const attention *a, size_t h)
{
    return a->kappa ? (double)a->kappa[h] : 1;
}

/* By what the context before division is larger than after it, at most. */
static double largest_divisor(const run *r)
{
    if (r->ap->form == ATTENTION_2QUAD) {
        return r->ap->sum_hi * (double)r->longest;
    }
    double most = 0;
    for (size_t i = 0; i < r->h.heads; i++) {
        most = fmax(most, kappa(r->a, i));
    }
    return most * pow((double)r->longest, (double)r->a->length_power);
}

/* Fractions as fine as the lengths at hand allow. */
static status choose_fractions(run *r)
{
    r->shortest = SIZE_MAX;
    for (size_t i = 0; i < r->h.seqs->n; i++) {
        const size_t n = r->h.seqs->start[i + 1] - r->h.seqs->start[i];
        r->longest = n > r->longest ? n : r->longest;
        r->shortest = n < r->shortest ? n : r->shortest;
    }
    const int frac = SUMMED_BITS - 2 - magnitude(r->ap->context_hi * largest_divisor(r));
    if (frac < 0) {
        return error_set(r->p->err, ERR_PRECISION,
                         "'%s': %zu tokens are more than its calibrated ranges allow", r->a->name,
                         r->longest);
    }
    r->summed_frac = frac > MPC_FRAC ? MPC_FRAC : (unsigned)frac;
    r->weight_frac = r->summed_frac + WEIGHT_BITS - SUMMED_BITS - VALUE_FRAC;
    r->square_bits = WEIGHT_BITS + 2 * MPC_FRAC - r->weight_frac;
    const double least = r->ap->sum_lo * (double)r->shortest;
    const int bits =
        DIVISOR_FRAC + 2 + magnitude(1.25 * r->ap->sum_hi * (double)r->longest / least);
    r->divisor_bits = bits > DIVISOR_BITS ? (unsigned)bits : DIVISOR_BITS;
    r->divisor_frac = (unsigned)((int)r->divisor_bits - 2 - magnitude(1.25 / least));
    return OK;
}

/* Rounds 1 to 2 of five: q, k, v; then scores plus c, squared. */
static status squared_scores(run *r)
{
    mpc *p = r->p;
    const unsigned width = r->ap->score_bits;
    wire *s = NULL;
    mpc_settle(p, r->q, MPC_FRAC, width + MPC_FRAC);
    mpc_settle(p, r->k, MPC_FRAC, width + MPC_FRAC);
    mpc_settle(p, r->v, VALUE_FRAC, WEIGHT_BITS);
    const opening qkv[] = {{.x = r->q, .width = width + MPC_FRAC},
                           {.x = r->k, .width = width + MPC_FRAC},
                           {.x = r->v, .width = WEIGHT_BITS}};
    TRY(mpc_open(p, qkv, 3));
    TRY(mpc_scores(p, &s, r->q, r->k, &r->h, width + MPC_FRAC));
    mpc_truncate(p, s, MPC_FRAC);
    mpc_add_public(p, s, (uint64_t)(int64_t)rint(ldexp((double)r->a->c, MPC_FRAC)));
    const opening o = {.x = s, .width = width, .grow = r->square_bits};
    status st = mpc_open(p, &o, 1);
    if (st == OK) {
        st = mpc_square(p, &r->weights, s, r->square_bits);
    }
    wire_drop(p, s);
    return st;
}

/* Row sums, before the weights lose bits. They are packed by sequence and head. */
static status row_sums(run *r)
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

/* What the row sums of a sequence of n are at most. */
static double largest_sum(const run *r, size_t n)
{
    return r->ap->sum_hi * (double)n;
}

/* Words of SUM_BITS bits for sums D: with word = D·c / 2^t and z = word · period / 2^20,
 * 1 / D = (period · c / 2^t) / z. c depends on the length, which is public. */
static status scale_sums(run *r)
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
                                (s->period * largest_sum(r, n)));
        /* a seed is that of 2^above / D, so that its rows are as large as one another */
        const int up = r->is_seed ? magnitude(largest_sum(r, n)) : 0;
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
static status fine_sums(run *r)
{
    const sequences *seqs = r->h.seqs;
    const int bits = (int)r->refined.argument, frac = (int)r->sums->frac;
    uint64_t *c = mpc_words(r->p, r->sums->n);
    const status st = c ? mpc_copy(r->p, &r->fine, r->sums) : ERR_RESOURCE;
    if (st != OK) {
        mpc_words_drop(r->p, c);
        return st;
    }
    const int down = frac - (bits - 2 - magnitude(largest_sum(r, r->longest)));
    const unsigned t = down > 0 ? (unsigned)down : 0;
    size_t row = 0;
    for (size_t i = 0; i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i];
        const int above = magnitude(largest_sum(r, n));
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

/* Round 3, and the sum of weighted values. */
static status weigh(run *r)
{
    mpc *p = r->p;
    mpc_settle(p, r->weights, r->weight_frac, WEIGHT_BITS);
    const opening o[] = {{.x = r->weights, .width = WEIGHT_BITS},
                         {.x = r->sums, .width = SUM_BITS},
                         {.x = r->fine, .width = r->refined.argument, .grow = FINE_RING}};
    TRY(mpc_open(p, o, r->fine ? 3 : r->sums ? 2 : 1));
    TRY(mpc_weigh(p, &r->summed, r->weights, r->v, &r->h, WEIGHT_BITS));
    mpc_settle(p, r->summed, r->summed_frac, SUMMED_BITS);
    return OK;
}

/* One more round: 1 / D by Newton's step, from a look-up that only begins it. */
static status refine(run *r, const wire *seed)
{
    mpc *p = r->p;
    TRY(mpc_refine_reciprocal(p, &r->divisor, r->fine, seed));
    for (size_t i = 0; i < r->divisor->n; i++) { /* what it counts, to what the divisor counts */
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

static status invert(run *r)
{
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

/* Round 4: the context divided by sums that only the shares know. */
static status divide(run *r, wire **y)
{
    mpc *p = r->p;
    const unsigned drop = r->summed_frac + r->divisor_frac - MPC_FRAC;
    const unsigned ring = MPC_CONTEXT_BITS + drop;
    if (ring > 64) {
        return error_set(p->err, ERR_PRECISION, "'%s': row sums are too small", r->a->name);
    }
    TRY(invert(r));
    const opening o[] = {{.x = r->summed, .width = SUMMED_BITS, .grow = ring},
                         {.x = r->divisor, .width = r->divisor_bits, .grow = ring}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_product(p, y, r->summed, r->divisor, ring));
    mpc_truncate(p, *y, drop);
    return OK;
}

/* The same for a divisor that is public: κ n^α of each head. */
static status divide_public(run *r, wire **y)
{
    mpc *p = r->p;
    enum { RING = 64 };
    const sequences *seqs = r->h.seqs;
    const unsigned drop = RING - MPC_CONTEXT_BITS, frac = MPC_FRAC + drop - r->summed_frac;
    const size_t rows = mpc_queries_count(&r->h);
    const opening o = {.x = r->summed, .width = SUMMED_BITS, .grow = RING};
    uint64_t *c = mpc_words(p, rows);
    status st = c ? mpc_open(p, &o, 1) : ERR_RESOURCE;
    if (st == OK) {
        st = mpc_grow(p, y, r->summed);
    }
    size_t row = 0;
    for (size_t i = 0; st == OK && i < seqs->n; i++) {
        const size_t n = seqs->start[i + 1] - seqs->start[i];
        const double by = pow((double)n, (double)r->a->length_power);
        for (size_t j = 0; j < r->h.heads * n; j++, row++) {
            c[row] = (uint64_t)rint(ldexp(1 / (by * kappa(r->a, j / n)), (int)frac));
        }
    }
    if (st == OK) {
        mpc_multiply_rows(p, *y, c, rows, frac);
        mpc_truncate(p, *y, drop);
    }
    mpc_words_drop(p, c);
    return st;
}

/* Row sums as words of a look-up, and once more where that is only a seed. */
static status sums(run *r)
{
    const mpc_function_plan *f = &r->e->plan->functions[r->ap->reciprocal];
    const size_t rows = mpc_queries_count(&r->h);
    r->gain.gain = mem_new(rows, sizeof *r->gain.gain);
    r->above = mem_new(rows, sizeof *r->above);
    if (!r->gain.gain || !r->above) {
        return error_memory(r->p->err);
    }
    r->is_seed = mpc_is_seed(f);
    TRY(row_sums(r));
    if (r->is_seed) {
        r->refined = mpc_refine_widths(f->series.hi / f->series.lo, false);
        TRY(fine_sums(r));
    }
    return scale_sums(r);
}

static status attend(run *r, wire **context)
{
    const bool divided = r->ap->form == ATTENTION_2QUAD;
    wire *y = NULL;
    TRY(choose_fractions(r));
    TRY(squared_scores(r));
    if (divided) {
        TRY(sums(r));
    }
    TRY(weigh(r));
    status st = divided ? divide(r, &y) : divide_public(r, &y);
    if (st == OK) {
        st = mpc_join_heads(r->p, context, y, &r->h);
    }
    wire_drop(r->p, y);
    return st;
}

status mpc_attend(engine *base, value **y, const value *q, const value *k, const value *v,
                  const attention *a)
{
    mpc_engine *e = (mpc_engine *)base;
    wire *context = NULL;
    run r = {.e = e,
             .p = &e->p,
             .a = a,
             .ap = &e->plan->ops[a->id].attention,
             .h = {.seqs = &e->seqs, .heads = a->n_heads, .dim = a->head_dim},
             .q = q->x,
             .k = k->x,
             .v = v->x};
    *y = NULL;
    const status st = attend(&r, &context);
    wire_drop(&e->p, r.weights);
    wire_drop(&e->p, r.sums);
    wire_drop(&e->p, r.summed);
    wire_drop(&e->p, r.fine);
    wire_drop(&e->p, r.divisor);
    mem_free(r.gain.gain);
    mem_free(r.above);
    TRY(st);
    *y = value_new(e, context, q->rows, q->columns);
    if (!*y) {
        return ERR_RESOURCE;
    }
    (*y)->width = MPC_CONTEXT_BITS;
    return OK;
}
