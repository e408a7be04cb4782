#include "base/mem.h"
#include "mpc/state.h"

/* Bits that a look-up's ring has beside those of its result. */
static unsigned surplus(const mpc_function_plan *f, int exponent, unsigned frac)
{
    const int bits = (int)f->widths.scale + exponent - (int)frac;
    CHECK(bits >= 0);
    return (unsigned)bits;
}

unsigned mpc_apply_grow(const mpc_engine *e, size_t function, unsigned bits, unsigned frac)
{
    return bits + surplus(&e->plan->functions[function], 0, frac);
}

status mpc_apply(mpc_engine *e, wire **y, const wire *x, size_t function, const lookup_gain *g,
                 unsigned bits, unsigned frac)
{
    const mpc_function_plan *f = &e->plan->functions[function];
    const mpc_series *s = &f->series;
    const int exponent = g ? g->exponent : 0;
    const unsigned extra = surplus(f, exponent, frac);
    *y = NULL;
    if (bits + extra > 64) {
        return error_set(e->p.err, ERR_PRECISION,
                         "the look-up of %s on [%g, %g] does not fit 64 bits",
                         mpc_function_name(s->f), s->lo, s->hi);
    }
    const lookup t = {
        .period_bits = f->period_bits,
        .bits = bits + extra,
        .frac = f->widths.scale,
        .terms = s->n,
        .every = s->n > 1 ? (unsigned)(s->harmonic[1] - s->harmonic[0]) : 1,
        .a0 = s->constant,
        .alpha = s->slope * s->period / (double)(UINT64_C(1) << f->period_bits),
        .a = s->a,
        .b = s->b,
        .word_frac = f->widths.word,
        .coef_frac = f->widths.coef,
    };
    TRY(mpc_lookup(&e->p, y, x, &t, g ? g->gain : NULL));
    (*y)->frac = (unsigned)((int)(*y)->frac + exponent);
    mpc_truncate(&e->p, *y, extra);
    return OK;
}
