/* LayerNorm in three rounds. docs/design/mpc-encoder.md. */
#include <math.h>

#include "base/mem.h"
#include "mpc/state.h"

enum { INPUT_BITS = 22, VARIANCE_BITS = 24 };

static unsigned log_dim(size_t dim)
{
    unsigned b = 0;
    while ((size_t)1 << b < dim) {
        b++;
    }
    return b;
}

/* h += factor · (r - mean r), both at h's fraction. r: rows × dim with γ and β applied. */
static void add_centred(mpc *p, wire *h, wire *r, const mpc_norm_plan *np, size_t rows, size_t dim)
{
    const unsigned drop = (unsigned)((int)log_dim(dim) - np->shift);
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
    mpc_add_public(p, v, (uint64_t)ldexp(unit * (double)n->eps, (int)v->frac));
    mpc_multiply_public(p, v, (uint64_t)c, t);
    mpc_truncate(p, v, t);
    const double gain = frexp(sqrt((double)n->dim * s->period * ldexp(c, -(int)t)), &g->exponent);
    g->exponent = -g->exponent;
    for (size_t i = 0; i < v->n; i++) {
        g->gain[i] = gain;
    }
    return OK;
}

/* inv = 1 / (factor σ) by row. */
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
        st = scale_variance(e, v, np, n, &g);
    }
    if (st == OK) {
        const opening o = {.x = v, .width = VARIANCE_BITS};
        st = mpc_open(p, &o, 1);
    }
    if (st == OK) {
        st = mpc_apply(e, inv, v, np->inverse, &g, np->inverse_bits, np->inverse_frac);
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
        TRY(value_open(e, (value *)(uintptr_t)residual));
        TRY(mpc_scale(p, &r, residual->x, &e->norms[residual->norm]));
        add_centred(p, v->x, r, np, x->rows, n->dim);
        wire_drop(p, r);
        mpc_settle(p, v->x, MPC_FRAC, INPUT_BITS);
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
