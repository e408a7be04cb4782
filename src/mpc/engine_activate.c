#include <math.h>

#include "mpc/secformer_2024.h"
#include "mpc/state.h"

enum { SIGN_BITS = 3 }; /* of a wire that is 0 or 1, and grows */

/* x²/8 + x/4 + 1/2: with the square's fraction counted three bits longer, everything at 27. */
static status quad(mpc *p, wire **y, const wire *x, unsigned bits)
{
    enum { SQUARE_FRAC = 2 * MPC_FRAC + 3 };
    const unsigned ring = bits + SQUARE_FRAC - MPC_FRAC;
    wire *line;
    TRY(mpc_grow(p, &line, x));
    const status st = mpc_square(p, y, x, ring);
    if (st != OK) {
        wire_drop(p, line);
        return st;
    }
    (*y)->frac = SQUARE_FRAC;
    mpc_add_shifted(p, *y, line, SQUARE_FRAC - MPC_FRAC - 2);
    mpc_add_public(p, *y, UINT64_C(1) << (SQUARE_FRAC - 1));
    mpc_truncate(p, *y, SQUARE_FRAC - MPC_FRAC);
    wire_drop(p, line);
    return OK;
}

/* x - x·[x < 0], with the sign as a wire of its own to multiply by: three rounds. */
static status relu(mpc *p, wire **y, wire *x, const mpc_activation_plan *ap)
{
    const comparison c = {.width = ap->bits, .top = ap->bits};
    wire *again = NULL, *sign = NULL, *below = NULL;
    *y = NULL;
    status st = mpc_copy(p, &again, x);
    if (st == OK) {
        st = mpc_compare(p, &sign, NULL, again, &c);
    }
    if (st == OK) {
        const opening o[] = {{.x = x, .width = ap->bits, .grow = ap->out_bits},
                             {.x = sign, .width = SIGN_BITS, .grow = ap->out_bits}};
        st = mpc_open(p, o, 2);
    }
    if (st == OK) {
        st = mpc_product(p, &below, x, sign, ap->out_bits);
    }
    if (st == OK) {
        st = mpc_grow(p, y, x);
    }
    if (st == OK) {
        mpc_multiply_public(p, below, UINT64_MAX, 0);
        mpc_add_shifted(p, *y, below, 0);
    }
    wire_drop(p, again);
    wire_drop(p, sign);
    wire_drop(p, below);
    return st;
}

/* What the words of x are assumed to be. */
static status guard(mpc_engine *e, const wire *x, const mpc_activation_plan *ap)
{
    if (ap->form == ACTIVATION_QUAD || ap->form == ACTIVATION_RELU || ap->form == ACTIVATION_NONE ||
        mpc_is_segmented(e->plan, ap->form)) {
        const double most = ldexp(1, (int)ap->bits - 2);
        return mpc_guard(e, x, -most, most);
    }
    const mpc_function_plan *f = &e->plan->functions[ap->function];
    const double unit = ldexp(1 / f->series.period, (int)f->period_bits);
    return mpc_guard(e, x, f->series.lo * unit, f->series.hi * unit);
}

/* A look-up and its line. Both are had in a ring no wider than the result: most dealt words are
 * theirs. Opened there, the result grows. */
static status look_up(mpc_engine *e, wire **y, wire *x, const mpc_activation_plan *ap)
{
    const mpc_series *s = &e->plan->functions[ap->function].series;
    const unsigned narrow = mpc_result_bits(s);
    const opening in = {
        .x = x, .width = ap->bits, .grow = mpc_apply_grow(e, ap->function, narrow, MPC_FRAC)};
    wire *result;
    TRY(mpc_open(&e->p, &in, 1));
    TRY(mpc_apply(e, &result, x, ap->function, NULL, narrow, MPC_FRAC));
    const opening out = {.x = result, .width = narrow, .grow = ap->out_bits};
    status st = mpc_open(&e->p, &out, 1);
    if (st == OK) {
        st = mpc_grow(&e->p, y, result);
    }
    wire_drop(&e->p, result);
    return st;
}

static status apply(mpc_engine *e, wire **y, wire *x, const mpc_activation_plan *ap)
{
    mpc *p = &e->p;
    opening o = {.x = x, .width = ap->bits};
    mpc_truncate(p, x, x->frac - MPC_FRAC);
    TRY(guard(e, x, ap));
    mpc_narrow(p, x, ap->bits);
    if (mpc_is_segmented(e->plan, ap->form)) {
        return secformer_gelu(p, y, x, ap->bits, ap->out_bits);
    }
    switch (ap->form) {
    case ACTIVATION_QUAD:
        o.grow = ap->out_bits + MPC_FRAC + 3;
        TRY(mpc_open(p, &o, 1));
        return quad(p, y, x, ap->out_bits);
    case ACTIVATION_RELU:
        return relu(p, y, x, ap);
    case ACTIVATION_NONE:
        o.grow = ap->out_bits;
        TRY(mpc_open(p, &o, 1));
        return mpc_grow(p, y, x);
    default:
        if (e->plan->functions[ap->function].series.slope != 0) {
            return look_up(e, y, x, ap);
        }
        TRY(mpc_open(p, &o, 1));
        return mpc_apply(e, y, x, ap->function, NULL, ap->out_bits, MPC_FRAC);
    }
}

status mpc_activate(engine *base, value **y, const value *x, const activation *f)
{
    mpc_engine *e = (mpc_engine *)base;
    const mpc_activation_plan *ap = &e->plan->ops[f->id].activation;
    wire *w = NULL;
    *y = NULL;
    TRY(apply(e, &w, x->x, ap));
    *y = value_new(e, w, x->rows, x->columns);
    if (!*y) {
        return ERR_RESOURCE;
    }
    (*y)->width = ap->out_bits;
    return OK;
}
