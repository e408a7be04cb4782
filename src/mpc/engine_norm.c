/* LayerNorm in three rounds. docs/design/mpc-encoder.md. */
#include <math.h>

#include "base/mem.h"
#include "mpc/refine.h"
#include "mpc/secformer_2024.h"
#include "mpc/state.h"

enum { INPUT_BITS = 22, VARIANCE_BITS = 24, RING = 64 };

/* h += factor · (r - mean r), both at h's fraction. r: rows × dim with γ and β applied. */
static void add_centred(mpc *p, wire *h, wire *r, const mpc_norm_plan *np, size_t rows, size_t dim)
{
    const unsigned drop = (unsigned)(mpc_magnitude((double)dim) - np->shift);
    mpc_centre_rows(p, r, rows);
    r->frac += drop; /* dim · 2^-drop is the factor */
    mpc_truncate(p, r, drop);
    mpc_add_shifted(p, h, r, h->frac - r->frac);
}

/* Words of 24 bits for v = dim · factor² · variance, and the gain of their look-up: with
 * word = v·c / 2^t and z = word · period / 2^24, 1 / (factor σ) = √(dim · period · c / 2^t) z^-1/2.
 */
static status scale_variance(mpc_engine *e, wire *v, const mpc_norm_plan *np, const norm *n,
                             lookup_gain *g)
{
    mpc *p = &e->p;
    const mpc_series *s = &e->plan->functions[np->inverse].series;
    const double unit = (double)n->dim * np->factor * np->factor;
    const unsigned t = v->bits - VARIANCE_BITS;
    const double c = floor(ldexp(1, (int)t) / (s->period * unit * np->variance_hi));
    if (c < 1) {
        return error_set(p->err, ERR_PRECISION, "'%s': variances of up to %g are too large",
                         n->name, np->variance_hi);
    }
    mpc_multiply_public(p, v, (uint64_t)c, t);
    mpc_truncate(p, v, t);
    const double gain = frexp(sqrt((double)n->dim * s->period * ldexp(c, -(int)t)), &g->exponent);
    g->exponent = -g->exponent;
    for (size_t i = 0; i < v->n; i++) {
        g->gain[i] = gain;
    }
    return OK;
}

/* The variance once more, with the bits that Newton's step needs. */
static status fine_variance(mpc *p, wire **fine, const wire *v, double most, refine_widths w)
{
    const int frac = (int)w.argument - 2 - (int)ceil(log2(most));
    TRY(mpc_copy(p, fine, v));
    if (frac >= 0 && (unsigned)frac < v->frac) {
        mpc_truncate(p, *fine, v->frac - (unsigned)frac);
    }
    if (frac < 0 || (*fine)->bits < w.argument) {
        return error_set(p->err, ERR_PRECISION, "variances of up to %g are too large", most);
    }
    mpc_narrow(p, *fine, w.argument);
    return OK;
}

/* Two more rounds: Newton's step from a look-up that only begins it. */
static status refine(mpc_engine *e, wire **inv, const wire *v, const wire *fine,
                     const mpc_norm_plan *np, const norm *n, const lookup_gain *g, double most,
                     refine_widths w)
{
    mpc *p = &e->p;
    const int frac = REFINE_SEED_FRAC - (int)floor(log2((double)n->dim / most) / 2);
    wire *seed;
    TRY(mpc_apply(e, &seed, v, np->inverse, g, w.seed, (unsigned)frac));
    const opening o = {.x = seed, .width = w.seed, .grow = RING};
    status st = mpc_open(p, &o, 1);
    if (st == OK) {
        st = mpc_refine_root(p, inv, fine, seed, (double)n->dim);
    }
    if (st == OK) {
        const unsigned drop = (*inv)->frac - np->inverse_frac;
        if (drop + np->inverse_bits > RING) {
            st = error_set(p->err, ERR_PRECISION, "'%s': variances of %g to %g are too far apart",
                           n->name, np->variance_lo, np->variance_hi);
        } else {
            mpc_settle(p, *inv, np->inverse_frac, np->inverse_bits);
        }
    }
    wire_drop(p, seed);
    return st;
}

/* By the steps of secformer-2024. */
static status invert_by_steps(mpc *p, wire **inv, wire *v, const mpc_norm_plan *np, const norm *n)
{
    const double unit = (double)n->dim * np->factor * np->factor;
    TRY(secformer_rsqrt(p, inv, v, unit * np->variance_lo, unit * np->variance_hi,
                        sqrt((double)n->dim)));
    const int drop = (int)(*inv)->frac - (int)np->inverse_frac;
    if (drop < 0 || drop + (int)np->inverse_bits > RING) {
        wire_drop(p, *inv);
        *inv = NULL;
        return error_set(p->err, ERR_PRECISION, "'%s': variances of %g to %g are too far apart",
                         n->name, np->variance_lo, np->variance_hi);
    }
    mpc_settle(p, *inv, np->inverse_frac, np->inverse_bits);
    return OK;
}

/* The same by look-up, and a step of Newton's where that only begins it. */
static status invert_by_lookup(mpc_engine *e, wire **inv, wire *v, const mpc_norm_plan *np,
                               const norm *n, lookup_gain *g)
{
    mpc *p = &e->p;
    const mpc_function_plan *f = &e->plan->functions[np->inverse];
    const bool is_seed = mpc_is_seed(f);
    const double unit = (double)n->dim * np->factor * np->factor, most = unit * np->variance_hi;
    const refine_widths w = mpc_refine_widths(f->series.hi / f->series.lo, true);
    wire *fine = NULL;
    status st = OK;
    if (is_seed) {
        st = fine_variance(p, &fine, v, most, w);
    }
    if (st == OK) {
        st = scale_variance(e, v, np, n, g);
    }
    if (st == OK) {
        const opening o[] = {{.x = v, .width = VARIANCE_BITS},
                             {.x = fine, .width = w.argument, .grow = RING}};
        st = mpc_open(p, o, is_seed ? 2 : 1);
    }
    if (st == OK) {
        st = is_seed ? refine(e, inv, v, fine, np, n, g, most, w)
                     : mpc_apply(e, inv, v, np->inverse, g, np->inverse_bits, np->inverse_frac);
    }
    wire_drop(p, fine);
    return st;
}

/* inv = 1 / (factor σ) = √(dim / v) by row, from v = dim · (factor σ)². */
static status invert_sums(mpc_engine *e, wire **inv, wire *v, const mpc_norm_plan *np,
                          const norm *n, lookup_gain *g)
{
    const double unit = ldexp((double)n->dim * np->factor * np->factor, (int)v->frac);
    mpc_add_public(&e->p, v, (uint64_t)(unit * (double)n->eps));
    TRY(mpc_guard(e, v, unit * np->variance_lo, unit * np->variance_hi));
    return e->plan->protocol == MPC_SECFORMER_2024 ? invert_by_steps(&e->p, inv, v, np, n)
                                                   : invert_by_lookup(e, inv, v, np, n, g);
}

static status invert(mpc_engine *e, wire **inv, const wire *h, const mpc_norm_plan *np,
                     const norm *n, unsigned ring)
{
    mpc *p = &e->p;
    const size_t rows = h->n / n->dim;
    wire *squares = NULL, *v = NULL;
    lookup_gain g = {.gain = mem_new(rows, sizeof *g.gain)};
    status st = g.gain ? mpc_square(p, &squares, h, ring) : error_memory(p->err);
    if (st == OK) {
        st = mpc_row_sums(p, &v, squares, rows);
    }
    if (st == OK) {
        st = invert_sums(e, inv, v, np, n, &g);
    }
    wire_drop(p, squares);
    wire_drop(p, v);
    mem_free(g.gain);
    return st;
}

/* h: rows × dim, (x - mean)·factor at 12 fraction bits. */
static status normalise(mpc_engine *e, wire **y, wire *h, const mpc_norm_plan *np, const norm *n)
{
    mpc *p = &e->p;
    const unsigned ring = np->out_bits + np->inverse_frac;
    wire *inv = NULL;
    const opening first = {.x = h, .width = INPUT_BITS, .grow = ring};
    TRY(mpc_open(p, &first, 1));
    status st = invert(e, &inv, h, np, n, ring);
    if (st == OK) {
        const opening o = {.x = inv, .width = np->inverse_bits, .grow = ring};
        st = mpc_open(p, &o, 1);
    }
    if (st == OK) {
        st = mpc_product(p, y, h, inv, ring);
    }
    wire_drop(p, inv);
    TRY(st);
    mpc_truncate(p, *y, np->inverse_frac);
    return OK;
}

status mpc_normalise(engine *base, value **y, const value *x, const value *residual, const norm *n)
{
    mpc_engine *e = (mpc_engine *)base;
    mpc *p = &e->p;
    const mpc_norm_plan *np = &e->plan->ops[n->id].norm;
    value *v = (value *)(uintptr_t)x; /* its last use */
    wire *out = NULL, *r = NULL;
    *y = NULL;
    if (!np->used) { /* the owner has done it */
        out = v->x;
        v->x = NULL;
    } else {
        if (residual) { /* behind the tables there is none */
            TRY(value_open(e, (value *)(uintptr_t)residual));
            TRY(mpc_scale(p, &r, residual->x, &e->norms[residual->norm]));
            add_centred(p, v->x, r, np, x->rows, n->dim);
            wire_drop(p, r);
        }
        mpc_truncate(p, v->x, v->x->frac - MPC_FRAC);
        TRY(mpc_guard(e, v->x, -ldexp(1, INPUT_BITS - 2), ldexp(1, INPUT_BITS - 2)));
        mpc_narrow(p, v->x, INPUT_BITS);
        TRY(normalise(e, &out, v->x, np, n));
    }
    *y = value_new(e, out, x->rows, x->columns);
    if (!*y) {
        return ERR_RESOURCE;
    }
    (*y)->norm = n->id;
    (*y)->width = np->out_bits;
    return OK;
}
