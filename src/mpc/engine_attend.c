/* Attention: weights, and what they weigh over their sum or over a constant.
 * docs/design/mpc-encoder.md */
#include <math.h>

#include "base/mem.h"
#include "mpc/attend.h"

static double kappa(const attention *a, size_t h)
{
    return a->kappa ? (double)a->kappa[h] : 1;
}

bool attend_divides(const attend_run *r)
{
    return r->ap->form == ATTENTION_2QUAD || r->ap->form == ATTENTION_SOFTMAX;
}

/* A row's largest weight under softmax is e^±(1/16) (engine_weights.c), the others are less. */
static const double SLACK = 1.07;

double attend_largest_sum(const attend_run *r, size_t n)
{
    return (double)n * (r->ap->form == ATTENTION_SOFTMAX ? SLACK : r->ap->sum_hi);
}

double attend_least_sum(const attend_run *r, size_t n)
{
    return r->ap->form == ATTENTION_SOFTMAX ? 1 / SLACK : (double)n * r->ap->sum_lo;
}

/* The public divisor of a head; for softmax-freediv of weights e^(s - scores_hi). */
static double divisor(const attend_run *r, size_t h, size_t n)
{
    double by = kappa(r->a, h) * pow((double)n, (double)r->a->length_power);
    if (r->ap->form == ATTENTION_SOFTMAX_FREEDIV) {
        by *= exp((r->a->shift ? (double)r->a->shift[h] : 0) - r->ap->scores_hi);
    }
    return by;
}

/* By what the context before division is larger than after it, at most. */
static double largest_divisor(const attend_run *r)
{
    if (attend_divides(r)) {
        return attend_largest_sum(r, r->longest);
    }
    double most = 0;
    for (size_t i = 0; i < r->h.heads; i++) {
        most = fmax(most, divisor(r, i, r->longest));
    }
    return most;
}

/* Fractions as fine as the lengths at hand allow. */
static status choose_fractions(attend_run *r)
{
    r->shortest = SIZE_MAX;
    for (size_t i = 0; i < r->h.seqs->n; i++) {
        const size_t n = r->h.seqs->start[i + 1] - r->h.seqs->start[i];
        r->longest = n > r->longest ? n : r->longest;
        r->shortest = n < r->shortest ? n : r->shortest;
    }
    const int frac = SUMMED_BITS - 2 - mpc_magnitude(r->ap->context_hi * largest_divisor(r));
    if (frac < 0) {
        return error_set(r->p->err, ERR_PRECISION,
                         "'%s': %zu tokens are more than its calibrated ranges allow", r->a->name,
                         r->longest);
    }
    /* e^(s - scores_hi) is a small part of 1 for nearly all scores */
    const int finest = r->ap->form == ATTENTION_SOFTMAX_FREEDIV ? 20 : MPC_FRAC;
    r->summed_frac = (unsigned)(frac > finest ? finest : frac);
    r->weight_frac = r->summed_frac + WEIGHT_BITS - SUMMED_BITS - VALUE_FRAC;
    if (!attend_divides(r)) {
        return OK;
    }
    const double least = attend_least_sum(r, r->shortest);
    const int bits =
        DIVISOR_FRAC + 2 + mpc_magnitude(1.25 * attend_largest_sum(r, r->longest) / least);
    r->divisor_bits = bits > DIVISOR_BITS ? (unsigned)bits : DIVISOR_BITS;
    r->divisor_frac = (unsigned)((int)r->divisor_bits - 2 - mpc_magnitude(1.25 / least));
    return OK;
}

/* Round 3, and the sum of weighted values. */
static status weigh(attend_run *r)
{
    mpc *p = r->p;
    mpc_settle(p, r->weights, r->weight_frac, WEIGHT_BITS);
    opening o[3] = {{.x = r->weights, .width = WEIGHT_BITS}};
    size_t n = 1;
    if (r->sums) {
        o[n++] = (opening){.x = r->sums, .width = SUM_BITS};
    }
    if (r->fine) {
        o[n++] = (opening){.x = r->fine, .width = r->refined.argument, .grow = FINE_RING};
    }
    TRY(mpc_open(p, o, n));
    TRY(mpc_weigh(p, &r->summed, r->weights, r->v, &r->h, WEIGHT_BITS));
    mpc_truncate(p, r->summed, r->summed->frac - r->summed_frac);
    const double most = ldexp(1, SUMMED_BITS - 2);
    TRY(mpc_guard(r->e, r->summed, -most, most));
    mpc_narrow(p, r->summed, SUMMED_BITS);
    return OK;
}

/* Round 4: the context divided by sums that only the shares know. */
static status divide(attend_run *r, wire **y)
{
    mpc *p = r->p;
    const unsigned drop = r->summed_frac + r->divisor_frac - MPC_FRAC;
    const unsigned ring = MPC_CONTEXT_BITS + drop;
    if (ring > 64) {
        return error_set(p->err, ERR_PRECISION, "'%s': row sums are too small", r->a->name);
    }
    TRY(attend_invert(r));
    const opening o[] = {{.x = r->summed, .width = SUMMED_BITS, .grow = ring},
                         {.x = r->divisor, .width = r->divisor_bits, .grow = ring}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_product(p, y, r->summed, r->divisor, ring));
    mpc_truncate(p, *y, drop);
    return OK;
}

/* The same for a divisor that is public: κ n^α of each head. */
static status divide_public(attend_run *r, wire **y)
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
        for (size_t j = 0; j < r->h.heads * n; j++, row++) {
            c[row] = (uint64_t)rint(ldexp(1 / divisor(r, j / n, n), (int)frac));
        }
    }
    if (st == OK) {
        mpc_multiply_rows(p, *y, c, rows, frac);
        mpc_truncate(p, *y, drop);
    }
    mpc_words_drop(p, c);
    return st;
}

static status attend(attend_run *r, wire **context)
{
    const bool divided = attend_divides(r);
    wire *y = NULL;
    TRY(choose_fractions(r));
    TRY(attend_weights(r));
    if (divided) {
        TRY(attend_sums(r));
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
    attend_run r = {.e = e,
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
