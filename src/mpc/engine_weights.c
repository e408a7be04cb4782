/* Attention's weights before division, one function for each form. docs/design/mpc-softmax.md */
#include <math.h>

#include "base/mem.h"
#include "mpc/attend.h"

/* Rounds 1: q, k, v; scores of `width` bits and twelve fraction bits. */
static status scores(attend_run *r, wire **s, unsigned width)
{
    mpc *p = r->p;
    mpc_settle(p, r->q, MPC_FRAC, width + MPC_FRAC);
    mpc_settle(p, r->k, MPC_FRAC, width + MPC_FRAC);
    mpc_settle(p, r->v, VALUE_FRAC, WEIGHT_BITS);
    const opening qkv[] = {{.x = r->q, .width = width + MPC_FRAC},
                           {.x = r->k, .width = width + MPC_FRAC},
                           {.x = r->v, .width = WEIGHT_BITS}};
    TRY(mpc_open(p, qkv, 3));
    TRY(mpc_scores(p, s, r->q, r->k, &r->h, width + MPC_FRAC));
    mpc_truncate(p, *s, MPC_FRAC);
    return OK;
}

/* (s + c)² */
static status squares(attend_run *r, wire *s)
{
    mpc *p = r->p;
    const unsigned ring = WEIGHT_BITS + 2 * MPC_FRAC - r->weight_frac;
    const opening o = {.x = s, .width = r->ap->score_bits, .grow = ring};
    mpc_add_public(p, s, (uint64_t)(int64_t)rint(ldexp((double)r->a->c, MPC_FRAC)));
    const double most = ldexp(1, (int)r->ap->score_bits - 2);
    TRY(mpc_guard(r->e, s, -most, most));
    TRY(mpc_open(p, &o, 1));
    return mpc_square(p, &r->weights, s, ring);
}

/* What 1 is in scores: W_Q is scaled so that a look-up's period is a power of two. */
static double unit_of(const mpc_function_plan *f)
{
    return ldexp(1 / f->series.period, (int)f->period_bits);
}

/* e^s by look-up, s not yet opened. */
static status exponentials(attend_run *r, wire *s)
{
    const mpc_function_plan *f = &r->e->plan->functions[r->ap->exponential];
    const opening o = {.x = s, .width = f->period_bits};
    TRY(mpc_open(r->p, &o, 1));
    return mpc_apply(r->e, &r->weights, s, r->ap->exponential, NULL, WEIGHT_BITS, r->weight_frac);
}

/* e^(s - largest of the range): what the head's shift is beside that, the divisor makes up for. */
static status shifted(attend_run *r, wire *s)
{
    const double unit = unit_of(&r->e->plan->functions[r->ap->exponential]);
    const double least = r->e->plan->functions[r->ap->exponential].series.lo;
    mpc_add_public(r->p, s, (uint64_t)(int64_t)-rint(r->ap->scores_hi * unit));
    TRY(mpc_guard(r->e, s, least * unit, 0));
    return exponentials(r, s);
}

/* Every row minus f of it, f shifted up. */
static void subtract_rows(mpc *p, wire *s, const wire *f, const mpc_heads *h, unsigned shift)
{
    uint64_t *at = s->share;
    const uint64_t *by = f->share;
    for (size_t i = 0; mpc_has_shares(p) && i < h->seqs->n; i++) {
        const size_t n = h->seqs->start[i + 1] - h->seqs->start[i];
        for (size_t row = 0; row < h->heads * n; row++, by++, at += n) {
            p->kernels->add_public(at, n, 0 - (*by << shift), ring_mask(s->bits));
        }
    }
}

/* Below the row's largest by more than the clamp: as far as that. Two rounds. */
static status clamp(attend_run *r, wire **s, unsigned coarse)
{
    mpc *p = r->p;
    const uint64_t at =
        (uint64_t)rint(r->ap->clamp * unit_of(&r->e->plan->functions[r->ap->exponential]));
    const comparison c = {.width = (*s)->bits, .top = (*s)->bits, .low = coarse};
    wire *y;
    mpc_add_public(p, *s, at);
    TRY(mpc_compare(p, NULL, &y, *s, &c));
    mpc_add_public(p, y, 0 - at);
    wire_drop(p, *s);
    *s = y;
    return OK;
}

/* Scores minus their row's largest: in whole where they are not clamped, else what the ring holds
 * before that is added. */
static status guard_shifted(attend_run *r, const wire *s, unsigned coarse)
{
    const mpc_function_plan *f = &r->e->plan->functions[r->ap->exponential];
    const double at = r->ap->clamp * unit_of(f);
    const double least =
        r->ap->clamp > 0 ? at - ldexp(1, (int)s->bits - 1) : f->series.lo * unit_of(f);
    return mpc_guard(r->e, s, least, ldexp(1, (int)coarse));
}

/* e^(s - m), m the row's largest but for the lowest bits: those of e^(s - m) over their sum are the
 * same for any m, and one that is a sixteenth off costs comparisons nine bits less each. */
static status maximal(attend_run *r, wire **s)
{
    mpc *p = r->p;
    const unsigned coarse = mpc_coarse_bits(&r->e->plan->functions[r->ap->exponential]);
    wire *x, *most = NULL;
    TRY(mpc_copy(p, &x, *s));
    mpc_truncate(p, x, coarse);
    status st = mpc_row_maxima(p, &most, x, &r->h);
    if (st == OK) {
        subtract_rows(p, *s, most, &r->h, coarse);
        st = guard_shifted(r, *s, coarse);
    }
    if (st == OK && r->ap->clamp > 0) {
        st = clamp(r, s, coarse);
    }
    wire_drop(p, x);
    wire_drop(p, most);
    return st == OK ? exponentials(r, *s) : st;
}

status attend_weights(attend_run *r)
{
    wire *s = NULL;
    TRY(scores(r, &s, r->ap->score_bits));
    status st = OK;
    switch (r->ap->form) {
    case ATTENTION_SOFTMAX:
        st = maximal(r, &s);
        break;
    case ATTENTION_SOFTMAX_FREEDIV:
        st = shifted(r, s);
        break;
    default:
        st = squares(r, s);
        break;
    }
    wire_drop(r->p, s);
    return st;
}
