/* ckks-plan.md Eq. (1)-(7) */
#include "ckks/plan.h"

#include <math.h>

#include "ckks/noise.h"

typedef struct {
    const ckks_context *ctx;
    ckks_planned *value;
    const ckks_step *step;
    size_t at;
    error *err;
} planner;

static status no_limb(const planner *p)
{
    return error_set(p->err, ERR_USAGE, "ckks: step %zu has no limb left", p->at);
}

static double scale_at(const planner *p, size_t n_limbs)
{
    return p->ctx->level[n_limbs].scale;
}

/* Eq. (2): a value brought to fewer limbs: one more division, and a constant 1 that is rounded. */
static ckks_planned adjusted(const planner *p, const ckks_planned *x, size_t n_limbs)
{
    ckks_planned y = *x;
    if (n_limbs < x->n_limbs) {
        const double scale = scale_at(p, n_limbs);
        const double up =
            (double)ckks_limb_prime(p->ctx, n_limbs) * scale / scale_at(p, x->n_limbs);
        y.n_limbs = n_limbs;
        y.error += ckks_noise_divide(p->ctx) / scale + x->size / up;
    }
    return y;
}

static status operands(const planner *p, ckks_planned *x, ckks_planned *y)
{
    const ckks_step *s = &p->step[p->at];
    const size_t limbs = p->value[s->x].n_limbs < p->value[s->y].n_limbs ? p->value[s->x].n_limbs
                                                                         : p->value[s->y].n_limbs;
    *x = adjusted(p, &p->value[s->x], limbs);
    *y = adjusted(p, &p->value[s->y], limbs);
    return OK;
}

static status plan_input(planner *p, ckks_planned *out)
{
    const ckks_step *s = &p->step[p->at];
    const size_t limbs = s->n_limbs ? s->n_limbs : p->ctx->params.n_limbs;
    if (limbs > p->ctx->params.n_limbs || !(s->size >= 0)) {
        return error_set(p->err, ERR_USAGE, "ckks: step %zu has no such input", p->at);
    }
    const double noise = ckks_noise_encrypt(p->ctx) / scale_at(p, limbs);
    *out = (ckks_planned){.n_limbs = limbs, .size = s->size, .error = noise + s->size * 0x1p-46};
    return OK;
}

static status plan_sum(planner *p, ckks_planned *out)
{
    ckks_planned x, y;
    TRY(operands(p, &x, &y));
    *out =
        (ckks_planned){.n_limbs = x.n_limbs, .size = x.size + y.size, .error = x.error + y.error};
    return OK;
}

/* Eq. (3): switching happens before the division by the last prime, and merged with it. */
static status plan_multiply(planner *p, ckks_planned *out)
{
    ckks_planned x, y;
    TRY(operands(p, &x, &y));
    if (x.n_limbs < 2) {
        return no_limb(p);
    }
    const double before = scale_at(p, x.n_limbs), after = scale_at(p, x.n_limbs - 1);
    *out = (ckks_planned){.n_limbs = x.n_limbs - 1, .size = x.size * y.size};
    out->error = x.size * y.error + y.size * x.error + x.error * y.error +
                 ckks_noise_switch(p->ctx, x.n_limbs) / (before * before) +
                 ckks_noise_divide(p->ctx) / after;
    return OK;
}

/* Eq. (4): known slots are off by the rounding of their plaintext; a constant by half a unit. */
static status plan_scaled(planner *p, ckks_planned *out, double size, double off)
{
    const ckks_planned *x = &p->value[p->step[p->at].x];
    if (x->n_limbs < 2) {
        return no_limb(p);
    }
    const double after = scale_at(p, x->n_limbs - 1);
    off = off / scale_at(p, x->n_limbs) + size * 0x1p-46;
    *out = (ckks_planned){.n_limbs = x->n_limbs - 1, .size = x->size * size};
    out->error = x->error * (size + off) + x->size * off + ckks_noise_divide(p->ctx) / after;
    return OK;
}

static status plan_turn(planner *p, ckks_planned *out)
{
    const ckks_planned *x = &p->value[p->step[p->at].x];
    *out = *x;
    out->error += ckks_noise_switch(p->ctx, x->n_limbs) / scale_at(p, x->n_limbs);
    return OK;
}

static status plan_step(planner *p, ckks_planned *out)
{
    const ckks_step *s = &p->step[p->at];
    switch (s->op) {
    case CKKS_PLAN_INPUT:
        return plan_input(p, out);
    case CKKS_PLAN_ADD:
    case CKKS_PLAN_SUB:
        return plan_sum(p, out);
    case CKKS_PLAN_MULTIPLY:
        return plan_multiply(p, out);
    case CKKS_PLAN_PLAIN:
        return plan_scaled(p, out, s->size, ckks_noise_encode(p->ctx));
    case CKKS_PLAN_CONSTANT:
        return plan_scaled(p, out, fabs(s->constant), 1);
    case CKKS_PLAN_ADD_CONSTANT:
        *out = p->value[s->x];
        out->size += fabs(s->constant);
        out->error += 1 / scale_at(p, out->n_limbs);
        return OK;
    default:
        return plan_turn(p, out);
    }
}

/* Eq. (6): the value, and before its rescaling the product, stay below half their modulus. */
static status check_room(const planner *p, const ckks_planned *v)
{
    double room = -1;
    for (size_t i = 0; i < v->n_limbs; i++) {
        room += log2((double)ckks_limb_prime(p->ctx, i));
    }
    const double wanted = log2((v->size + v->error) * scale_at(p, v->n_limbs) + 1);
    if (!(wanted < room)) {
        return error_set(p->err, ERR_PRECISION,
                         "ckks: step %zu takes %.1f bits of a modulus of %.1f", p->at, wanted,
                         room);
    }
    return OK;
}

static bool refers_back(const ckks_step *s, size_t at)
{
    const bool two =
        s->op == CKKS_PLAN_ADD || s->op == CKKS_PLAN_SUB || s->op == CKKS_PLAN_MULTIPLY;
    return s->op == CKKS_PLAN_INPUT || (s->x < at && (!two || s->y < at));
}

status ckks_plan(const ckks_context *ctx, ckks_planned *out, const ckks_step *steps, size_t n,
                 double max_error, error *err)
{
    planner p = {.ctx = ctx, .value = out, .step = steps, .err = err};
    for (p.at = 0; p.at < n; p.at++) {
        if (!refers_back(&steps[p.at], p.at)) {
            return error_set(err, ERR_USAGE, "ckks: step %zu refers to a later one", p.at);
        }
        TRY(plan_step(&p, &out[p.at]));
        TRY(check_room(&p, &out[p.at]));
    }
    if (n > 0 && !(out[n - 1].error <= max_error)) {
        return error_set(err, ERR_PRECISION, "ckks: the result may be off by %g, wanted %g",
                         out[n - 1].error, max_error);
    }
    return OK;
}
