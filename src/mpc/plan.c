#include "mpc/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/recipe.h"
#include "mpc/engine.h"
#include "mpc/plan_functions.h"
#include "mpc/secformer_2024.h"

enum {
    SUM_BITS = 20,      /* opened width of row sums */
    VARIANCE_BITS = 24, /* … of variances */
    GELU_BITS = 18,     /* period of an activation's look-up */
    RING_BITS = 64,
};

/* What calibration has seen on some texts may be passed by others; variances by its square. */
static const double MARGIN = 1.25;

/* Without division: an error of weights beside a mean one. */
static const double WEIGHT_OFF = 4e-3;

/* Softmax: below the largest of its row by so much, a weight of 5e-6 is what a score gets; and what
 * the largest may be above 0 (engine_weights.c). */
static const double CLAMP = 12.25, ABOVE = 0.125;

/* Part by which Goldschmidt's steps of secformer-2024 may be off at the end of a range. */
static const double STEPS_OFF = 1e-2;

typedef struct {
    mpc_plan *p;
    const model *m;
    error *err;
} planner;

int mpc_magnitude(double x)
{
    return x > 0 ? (int)ceil(log2(x)) : -64;
}

unsigned mpc_result_bits(const mpc_series *s)
{
    const double most = fmax(-s->lo, s->hi) + s->max_error + 1.0 / 64; /* and noise */
    return (unsigned)(mpc_magnitude(most) + MPC_FRAC + 2);
}

static status range_of(planner *w, const char *operation, const char *quantity, double *lo,
                       double *hi)
{
    char slot[160];
    snprintf(slot, sizeof slot, "%s/%s", operation, quantity);
    const slot_range *r = model_range(w->m, slot);
    if (!r) {
        return error_set(w->err, ERR_PRECISION,
                         "%s: the recipe has no range for '%s', which mpc needs: calibrate it with "
                         "tacit convert --calibrate",
                         w->m->dir, slot);
    }
    *lo = r->lo;
    *hi = r->hi;
    return OK;
}

/* Ratios of lowest to highest value in steps of two, so that layers share series. */
static double ratio_class(double lo, double hi)
{
    double ratio = 4;
    while (ratio < hi / lo) {
        ratio *= 2;
    }
    return ratio;
}

/* Goldschmidt's steps are of a fixed number: whether they are enough. */
static status check_steps(planner *w, const char *name, const char *what, double lo, double hi,
                          double off)
{
    return off < STEPS_OFF ? OK
                           : error_set(w->err, ERR_PRECISION,
                                       "%s: '%s': %s of %g to %g are too far apart for the steps "
                                       "of secformer-2024",
                                       w->m->dir, name, what, lo, hi);
}

/* What the first norm of shared tables sees beside the texts of the calibration: whatever words,
 * positions and types may come together. */
static void join_tables(const planner *w, const norm *n, double *most, mpc_norm_plan *np)
{
    const mpc_table_range *t = &w->p->tables;
    if (w->p->oblivious && n->id == w->m->embeddings.norm.id) {
        *most = fmax(*most, 1.001 * t->centred);
        np->variance_lo =
            fmin(np->variance_lo, fmax(t->variance_lo, 1e-12) / MARGIN + (double)n->eps);
        np->variance_hi = fmax(np->variance_hi, t->variance_hi * MARGIN + (double)n->eps);
    }
}

static status plan_norm(planner *w, const norm *n, unsigned out_bits, bool gamma_later)
{
    mpc_op_plan *op = &w->p->ops[n->id];
    mpc_norm_plan *np = &op->norm;
    double lo = 0, hi = 0, most;
    if (n->form != NORM_LAYERNORM) {
        return error_set(w->err, ERR_POLICY,
                         "%s: the norm '%s' is no layernorm: mpc has no protocol for its form",
                         w->m->dir, n->name);
    }
    op->kind = MPC_OP_NORM;
    *np = (mpc_norm_plan){.used = true, .out_bits = out_bits, .gamma_later = gamma_later};
    TRY(range_of(w, n->name, "centred", &lo, &hi));
    most = MARGIN * fmax(-lo, hi);
    TRY(range_of(w, n->name, "variance", &lo, &hi));
    np->variance_lo = fmax(lo, 1e-12) / MARGIN + n->eps;
    np->variance_hi = hi * MARGIN * MARGIN + n->eps;
    join_tables(w, n, &most, np);
    const int log_dim = mpc_magnitude((double)n->dim);
    const double part = ldexp((double)n->dim, -log_dim);
    np->shift = 8 - mpc_magnitude(part * most); /* |input| < 2^8 */
    np->shift = np->shift > log_dim ? log_dim : np->shift;
    np->factor = ldexp(part, np->shift);
    np->inverse_frac = RING_BITS - out_bits > 16 ? 16 : RING_BITS - out_bits;
    const int inverse = mpc_magnitude(MARGIN / (sqrt(np->variance_lo) * np->factor));
    if (inverse + (int)np->inverse_frac + 2 < 8 || inverse + (int)np->inverse_frac + 2 > 40) {
        return error_set(w->err, ERR_PRECISION, "%s: '%s': variances of %g to %g are too far apart",
                         w->m->dir, n->name, np->variance_lo, np->variance_hi);
    }
    np->inverse_bits = (unsigned)(inverse + (int)np->inverse_frac + 2);
    if (w->p->protocol == MPC_SECFORMER_2024) {
        return check_steps(w, n->name, "variances", np->variance_lo, np->variance_hi,
                           secformer_root_error(np->variance_hi / np->variance_lo));
    }
    const double least = 1 / ratio_class(np->variance_lo, np->variance_hi);
    return mpc_plan_function(w->p, &np->inverse, &(mpc_wish){MPC_RSQRT, least, 1, VARIANCE_BITS, 0},
                             w->err);
}

/* A square of s + c. */
static status plan_squares(planner *w, mpc_attention_plan *ap, const attention *a, double most)
{
    ap->score_bits = (unsigned)(mpc_magnitude(most + fabs((double)a->c)) + MPC_FRAC + 2);
    if (ap->score_bits > 24 || ap->score_bits < 4) {
        return error_set(w->err, ERR_PRECISION, "%s: '%s': scores of up to %g are too large",
                         w->m->dir, a->name, most);
    }
    return OK;
}

/* What a weight e^(s - scores_hi) is over for its share in a row: the smallest over heads. */
static double least_divisor(const planner *w, const mpc_attention_plan *ap, const attention *a)
{
    double least = INFINITY;
    for (size_t h = 0; h < a->n_heads; h++) {
        const double shift = a->shift ? (double)a->shift[h] : 0;
        least = fmin(least, (a->kappa ? (double)a->kappa[h] : 1) * exp(shift - ap->scores_hi));
    }
    return least * pow((double)w->m->max_tokens, (double)a->length_power - 1);
}

/* e^s of scores in [lo, hi], each look-up's word a part of scores_hi below. */
static status plan_shifted(planner *w, mpc_attention_plan *ap, const attention *a, double lo,
                           double hi)
{
    const double margin = (MARGIN - 1) / 2 * (hi - lo) + ABOVE;
    ap->scores_hi = hi + margin;
    const double off = WEIGHT_OFF * least_divisor(w, ap, a);
    const mpc_wish o = {MPC_EXP, -ceil(hi - lo + 2 * margin), 0, 0, off};
    TRY(mpc_plan_function(w->p, &ap->exponential, &o, w->err));
    ap->score_bits = w->p->functions[ap->exponential].period_bits + 2; /* room for a guard */
    return OK;
}

/* e^(s - m), m near the largest of the row: in whole where they lie close together, else those far
 * below clamped, which takes two rounds more but less than half of the terms. */
static status plan_softmax(planner *w, mpc_attention_plan *ap, double lo, double hi)
{
    const double wide = MARGIN * (hi - lo) + 1;
    ap->clamp = wide > 1.5 * CLAMP ? CLAMP : 0;
    const double least = -(ap->clamp > 0 ? CLAMP + ABOVE : ceil(wide));
    TRY(mpc_plan_function(w->p, &ap->exponential, &(mpc_wish){MPC_EXP, least, ABOVE, 0, INFINITY},
                          w->err));
    const mpc_function_plan *f = &w->p->functions[ap->exponential];
    const double unit = ldexp(1 / f->series.period, (int)f->period_bits);
    ap->score_bits = (unsigned)mpc_magnitude((wide + CLAMP) * unit) + 1;
    if (ap->score_bits < f->period_bits) {
        ap->score_bits = f->period_bits;
    }
    return OK;
}

/* *unit: of scores, by which the queries are scaled. */
static status plan_scores(planner *w, const attention *a, double *unit)
{
    mpc_attention_plan *ap = &w->p->ops[a->id].attention;
    double lo = 0, hi = 0;
    *unit = 1;
    TRY(range_of(w, a->name, "scores", &lo, &hi));
    if (a->form == ATTENTION_2QUAD || a->form == ATTENTION_2QUAD_FREEDIV) {
        return plan_squares(w, ap, a, MARGIN * fmax(-lo, hi));
    }
    TRY(a->form == ATTENTION_SOFTMAX ? plan_softmax(w, ap, lo, hi)
                                     : plan_shifted(w, ap, a, lo, hi));
    const mpc_function_plan *f = &w->p->functions[ap->exponential];
    *unit = ldexp(1 / f->series.period, (int)f->period_bits - MPC_FRAC);
    if (ap->score_bits > 26) {
        return error_set(w->err, ERR_PRECISION, "%s: '%s': scores of %g to %g are too far apart",
                         w->m->dir, a->name, lo, hi);
    }
    return OK;
}

static status plan_reciprocal(planner *w, mpc_attention_plan *ap, double ratio)
{
    return mpc_plan_function(w->p, &ap->reciprocal,
                             &(mpc_wish){MPC_RECIPROCAL, 1 / ratio, 1, SUM_BITS, 0}, w->err);
}

static status plan_attention(planner *w, const attention *a, double *unit)
{
    mpc_op_plan *op = &w->p->ops[a->id];
    mpc_attention_plan *ap = &op->attention;
    double lo = 0, hi = 0;
    if (a->form != ATTENTION_2QUAD && a->form != ATTENTION_2QUAD_FREEDIV &&
        a->form != ATTENTION_SOFTMAX && a->form != ATTENTION_SOFTMAX_FREEDIV) {
        return error_set(w->err, ERR_POLICY,
                         "%s: '%s': mpc has no protocol for the attention '%s': choose softmax, "
                         "2quad, softmax-freediv or 2quad-freediv",
                         w->m->dir, a->name, attention_form_name(a->form));
    }
    if (w->p->protocol == MPC_SECFORMER_2024 && a->form != ATTENTION_2QUAD) {
        return error_set(w->err, ERR_POLICY,
                         "%s: '%s': secformer-2024 has no protocol for the attention '%s': it is "
                         "for 2quad (recipe secformer)",
                         w->m->dir, a->name, attention_form_name(a->form));
    }
    op->kind = MPC_OP_ATTENTION;
    *ap = (mpc_attention_plan){.form = a->form};
    TRY(plan_scores(w, a, unit));
    TRY(range_of(w, a->name, "sum", &ap->sum_lo, &ap->sum_hi));
    ap->sum_lo = fmax(ap->sum_lo, 1e-9) / MARGIN;
    ap->sum_hi *= MARGIN;
    TRY(range_of(w, a->name, "context", &lo, &hi));
    ap->context_hi = fmax(MARGIN * fmax(-lo, hi), 1e-6);
    switch (a->form) {
    case ATTENTION_2QUAD:
        if (w->p->protocol == MPC_SECFORMER_2024) {
            return check_steps(w, a->name, "row sums", ap->sum_lo, ap->sum_hi,
                               secformer_division_error(ap->sum_hi / ap->sum_lo));
        }
        return plan_reciprocal(w, ap, ratio_class(ap->sum_lo, ap->sum_hi));
    case ATTENTION_SOFTMAX: /* sums of 1 to as many as there are tokens */
        return plan_reciprocal(w, ap, 1.15 * (double)w->m->max_tokens);
    default:
        return OK;
    }
}

static status function_of(planner *w, mpc_function *f, const activation *a)
{
    switch (a->form) {
    case ACTIVATION_GELU:
        *f = MPC_GELU;
        return OK;
    case ACTIVATION_GELU_TANH:
        *f = MPC_GELU_TANH;
        return OK;
    case ACTIVATION_SILU:
        *f = MPC_SILU;
        return OK;
    case ACTIVATION_TANH:
        *f = MPC_TANH;
        return OK;
    default:
        return error_set(w->err, ERR_POLICY,
                         "%s: '%s': mpc has no protocol for this form of activation yet", w->m->dir,
                         a->name);
    }
}

/* The segmented GeLU of secformer-2024. */
static status plan_segmented(planner *w, mpc_activation_plan *ap, const activation *a, double most,
                             double *unit)
{
    ap->bits = secformer_gelu_bits(most);
    if (ap->bits > 30) {
        return error_set(w->err, ERR_PRECISION, "%s: '%s': inputs of up to %g are too large",
                         w->m->dir, a->name, most);
    }
    *unit = ldexp(1.0, SECFORMER_PERIOD_BITS - MPC_FRAC) / secformer_period();
    return OK;
}

/* *unit: of the input's words at MPC_FRAC fraction bits, by which the map before it is scaled. */
static status plan_activation(planner *w, const activation *a, double *unit, unsigned out_bits)
{
    mpc_op_plan *op = &w->p->ops[a->id];
    mpc_activation_plan *ap = &op->activation;
    double lo = 0, hi = 0;
    op->kind = MPC_OP_ACTIVATION;
    *ap = (mpc_activation_plan){.form = a->form, .out_bits = out_bits};
    *unit = 1;
    if (a->form == ACTIVATION_NONE) {
        return OK;
    }
    TRY(range_of(w, a->name, "input", &lo, &hi));
    const double middle = (lo + hi) / 2, half = MARGIN * (hi - lo) / 2;
    if (a->form == ACTIVATION_QUAD || a->form == ACTIVATION_RELU) {
        ap->bits = (unsigned)(mpc_magnitude(MARGIN * fmax(-lo, hi)) + MPC_FRAC + 2);
        return OK;
    }
    if (mpc_is_segmented(w->p, a->form)) {
        return plan_segmented(w, ap, a, MARGIN * fmax(-lo, hi), unit);
    }
    mpc_function f = MPC_GELU;
    TRY(function_of(w, &f, a));
    lo = floor(middle - half);
    hi = ceil(middle + half);
    if (mpc_function_symmetry(f) != MPC_NEITHER) { /* as wide on either side */
        hi = fmax(-lo, hi);
        lo = -hi;
    }
    TRY(mpc_plan_function(w->p, &ap->function, &(mpc_wish){f, lo, hi, GELU_BITS, 0}, w->err));
    const mpc_function_plan *g = &w->p->functions[ap->function];
    ap->bits = GELU_BITS + (g->series.slope != 0);
    *unit = ldexp(1.0, GELU_BITS - MPC_FRAC) / g->series.period;
    return OK;
}

static void plan_linear(planner *w, const linear *l, unsigned bits, unsigned frac, const norm *from,
                        const norm *to, double scale)
{
    w->p->linears[l->id] = (mpc_linear_plan){
        .bits = bits,
        .frac = frac,
        .from = from ? from->id : MPC_NONE,
        .to = to ? to->id : MPC_NONE,
        .scale = scale * (to ? w->p->ops[to->id].norm.factor : 1),
    };
}

/* Opened widths of a norm's output: before queries, keys and values, and before all else; of an
 * activation's. And rings of products that need less than what was opened: a byte less of them is
 * several products of bytes less. */
enum { WIDE = 50, NARROW = 46, ACTIVATED = 36, QUERY = 48, UP = 32 };

static status plan_layer(planner *w, size_t i)
{
    const encoder_layer *l = &w->m->layers[i];
    const norm *before = i == 0 ? &w->m->embeddings.norm : &w->m->layers[i - 1].output_norm;
    const bool last = i + 1 == w->m->n_layers;
    double unit;
    TRY(plan_attention(w, &l->attention, &unit));
    const unsigned score_bits = w->p->ops[l->attention.id].attention.score_bits;
    const unsigned query_frac = QUERY - MPC_FRAC - score_bits;
    plan_linear(w, &l->query, QUERY, query_frac, before, NULL, unit * (double)l->attention.scale);
    plan_linear(w, &l->key, QUERY, query_frac, before, NULL, 1);
    plan_linear(w, &l->value, WIDE, 14, before, NULL, 1);
    TRY(plan_norm(w, &l->attention_norm, NARROW, true));
    plan_linear(w, &l->output, MPC_CONTEXT_BITS, 12, NULL, &l->attention_norm, 1);
    TRY(plan_activation(w, &l->activation, &unit, ACTIVATED));
    plan_linear(w, &l->up, UP, UP - w->p->ops[l->activation.id].activation.bits, &l->attention_norm,
                NULL, unit);
    const bool embeds = last && w->m->head.kind == HEAD_EMBEDDING;
    TRY(plan_norm(w, &l->output_norm, last && !embeds ? NARROW : WIDE, !last || embeds));
    plan_linear(w, &l->down, ACTIVATED, 14, NULL, &l->output_norm, 1);
    return OK;
}

static status plan_head(planner *w)
{
    const head *h = &w->m->head;
    const norm *before = &w->m->layers[w->m->n_layers - 1].output_norm;
    if (h->kind == HEAD_EMBEDDING) {
        return OK;
    }
    if (h->kind == HEAD_TOKEN || !h->has_dense) {
        plan_linear(w, &h->out, NARROW, 20, before, NULL, 1);
        return OK;
    }
    double unit;
    TRY(plan_activation(w, &h->activation, &unit, ACTIVATED));
    plan_linear(w, &h->dense, NARROW, 20, before, NULL, unit);
    plan_linear(w, &h->out, ACTIVATED, 14, NULL, NULL, 1);
    return OK;
}

static status fill(planner *w)
{
    const model *m = w->m;
    const norm *first = &m->embeddings.norm;
    if (first->form != NORM_LAYERNORM) {
        return error_set(w->err, ERR_POLICY, "%s: the embedding norm must be layernorm under mpc",
                         m->dir);
    }
    if (w->p->oblivious) {
        TRY(plan_norm(w, first, WIDE, true));
    } else {
        w->p->ops[first->id] = (mpc_op_plan){
            .kind = MPC_OP_NORM, .norm = {.out_bits = WIDE, .gamma_later = true, .factor = 1}};
    }
    for (size_t i = 0; i < m->n_layers; i++) {
        TRY(plan_layer(w, i));
    }
    return plan_head(w);
}

status mpc_plan_make(mpc_plan **out, const model *m, const mpc_choice *choice, error *err)
{
    static const mpc_choice ordinary = {0};
    choice = choice ? choice : &ordinary;
    *out = NULL;
    TRY(choice->label_only ? mpc_label_check(m, err) : OK);
    mpc_plan *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    p->protocol = choice->protocol;
    p->label_only = choice->label_only;
    p->oblivious = choice->oblivious;
    p->tables = choice->tables;
    p->n_linears = m->n_linears;
    p->n_ops = m->n_ops;
    p->linears = mem_new(m->n_linears, sizeof *p->linears);
    p->ops = mem_new(m->n_ops, sizeof *p->ops);
    planner w = {.p = p, .m = m, .err = err};
    const status st = p->linears && p->ops ? fill(&w) : error_memory(err);
    if (st != OK) {
        mpc_plan_free(p);
        return st;
    }
    *out = p;
    return OK;
}

mpc_choice mpc_plan_choice(const mpc_plan *p)
{
    return (mpc_choice){.protocol = p->protocol,
                        .label_only = p->label_only,
                        .oblivious = p->oblivious,
                        .tables = p->tables};
}

static const char *const protocols[] = {"tacit", "secformer-2024"};

const char *mpc_protocol_name(mpc_protocol p)
{
    return protocols[p];
}

status mpc_protocol_find(mpc_protocol *out, const char *name, error *err)
{
    *out = MPC_TACIT;
    for (size_t i = 0; name && i < sizeof protocols / sizeof *protocols; i++) {
        if (strcmp(name, protocols[i]) == 0) {
            *out = (mpc_protocol)i;
            return OK;
        }
    }
    return name ? error_set(err, ERR_USAGE, "protocol '%.40s': must be tacit or secformer-2024",
                            name)
                : OK;
}

unsigned mpc_gamma_bits(const mpc_plan *p, const model *m, uint32_t id)
{
    const unsigned bits = p->ops[id].norm.out_bits;
    const bool last = id == m->layers[m->n_layers - 1].output_norm.id;
    return last && m->head.pool == POOL_MEAN ? bits - MPC_MEAN_BITS : bits;
}

void mpc_plan_free(mpc_plan *p)
{
    if (p) {
        mem_free(p->linears);
        mem_free(p->ops);
        mem_free(p->functions);
        mem_free(p);
    }
}
