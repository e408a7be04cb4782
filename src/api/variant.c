#include "api/variant.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "api/fit.h"
#include "base/mem.h"

status variant_recipe(recipe *out, const char *name, const model *m, error *err)
{
    if (strcmp(name, "custom") == 0 || !recipe_named(out, name, &m->exact)) {
        return error_set(err, ERR_USAGE,
                         "recipe '%s': must be exact, mpcformer, secformer, "
                         "freediv, freediv-2quad, thex or poly",
                         name);
    }
    return OK;
}

static char *name_of(variant *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static char *name_of(variant *v, const char *fmt, ...)
{
    enum { BYTES = 128 };
    char *name = arena_take(v->arena, BYTES, 1);
    if (name) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(name, BYTES, fmt, args);
        va_end(args);
    }
    return name;
}

/* A constant of rows × columns (columns 0: a vector), its data to be filled by the caller; NULL
 * where memory is lacking. */
static float *add_constant(variant *v, const char *operation, const char *what, size_t rows,
                           size_t columns)
{
    const size_t count = rows * (columns ? columns : 1);
    char *name = name_of(v, "%s.%s", operation, what);
    float *data = arena_take(v->arena, count, sizeof *data);
    if (!name || !data ||
        !mem_reserve((void **)&v->constants, &v->cap_constants, v->n_constants + 1,
                     sizeof *v->constants)) {
        return NULL;
    }
    v->constants[v->n_constants++] = (recipe_tensor){
        .name = name, .rank = columns ? 2 : 1, .shape = {rows, columns}, .data = data};
    return data;
}

static bool range_of(const range_recorder *ranges, const char *operation, const char *quantity,
                     double *lo, double *hi)
{
    char slot[128];
    snprintf(slot, sizeof slot, "%s/%s", operation, quantity);
    for (size_t i = 0; i < range_recorder_count(ranges); i++) {
        const slot_range r = range_recorder_get(ranges, i);
        if (strcmp(r.slot, slot) == 0) {
            *lo = r.lo;
            *hi = r.hi;
            return true;
        }
    }
    return false;
}

/* P = exp(s - b)/(κ n^α): b the head's largest score, κ such that half of the rows sum to less
 * than one. */
static status softmax_freediv(variant *v, attention *a, attention_stats *st, error *err)
{
    float *shift = add_constant(v, a->name, "shift", a->n_heads, 0);
    float *kappa = add_constant(v, a->name, "kappa", a->n_heads, 0);
    if (!shift || !kappa) {
        return error_memory(err);
    }
    for (size_t h = 0; h < a->n_heads; h++) {
        shift[h] = (float)st->max[h];
        kappa[h] = (float)exp(samples_median(&st->log_sum[h]) - (double)shift[h]);
        if (!(kappa[h] > 0)) {
            return error_set(err, ERR_PRECISION,
                             "%s: head %zu has scores up to %g and row sums too "
                             "far below for fp32",
                             a->name, h, st->max[h]);
        }
    }
    a->shift = shift;
    a->kappa = kappa;
    return OK;
}

/* P = (s + c)²/(κ n^α): κ such that half of the rows sum to less than one. */
static status quad_freediv(variant *v, attention *a, attention_stats *st, error *err)
{
    float *kappa = add_constant(v, a->name, "kappa", a->n_heads, 0);
    if (!kappa) {
        return error_memory(err);
    }
    for (size_t h = 0; h < a->n_heads; h++) {
        kappa[h] = (float)fmax(samples_median(&st->quad_sum[h]), 1e-6);
    }
    a->kappa = kappa;
    return OK;
}

static status thex(variant *v, attention *a, const attention_stats *st, error *err)
{
    enum { W = VARIANT_THEX_WIDTH };
    float *w1 = add_constant(v, a->name, "w1", W, 1), *b1 = add_constant(v, a->name, "b1", W, 0);
    float *w2 = add_constant(v, a->name, "w2", W, W), *b2 = add_constant(v, a->name, "b2", W, 0);
    float *w3 = add_constant(v, a->name, "w3", 1, W), *b3 = add_constant(v, a->name, "b3", 1, 0);
    if (!w1 || !b1 || !w2 || !b2 || !w3 || !b3) {
        return error_memory(err);
    }
    if (!(st->cube_lo < INFINITY)) {
        return error_set(err, ERR_PRECISION, "%s: every score is below -2, where the cubic is 0",
                         a->name);
    }
    fit_reciprocal(w1, b1, w2, b2, w3, b3, W, st->cube_lo, fmax(st->cube_hi, 2 * st->cube_lo));
    a->thex = (reciprocal_net){W, w1, b1, w2, b2, w3, b3};
    return OK;
}

static double scaled_exponential(double s, const void *ctx)
{
    return exp(s - *(const double *)ctx);
}

/* P = σ(s)/n^α: σ a polynomial through exp(s)/κ, one κ for the layer, the median over heads. */
static status scaled_sigma(variant *v, attention *a, attention_stats *st, error *err)
{
    float *coef = add_constant(v, a->name, "coefficients", VARIANT_SIGMA_DEGREE + 1, 0);
    float *ends = add_constant(v, a->name, "interval", 2, 0);
    if (!coef || !ends) {
        return error_memory(err);
    }
    samples medians = {0};
    status ok = OK;
    for (size_t h = 0; ok == OK && h < a->n_heads; h++) {
        ok = samples_add(&medians, samples_median(&st->log_sum[h]));
    }
    const double log_kappa = samples_median(&medians);
    samples_clear(&medians);
    if (ok != OK) {
        return error_memory(err);
    }
    ends[0] = (float)st->lo;
    ends[1] = (float)fmax(st->hi, st->lo + 1e-3);
    fit_chebyshev(coef, VARIANT_SIGMA_DEGREE, ends[0], ends[1], scaled_exponential, &log_kappa);
    a->sigma = ACTIVATION_POLYNOMIAL;
    a->sigma_poly = (polynomial){ends[0], ends[1], VARIANT_SIGMA_DEGREE, coef};
    return OK;
}

static status change_attention(variant *v, attention *a, const recipe *r, calibration *c,
                               error *err)
{
    attention_stats *st = &c->attentions[a->id];
    a->form = r->attention.form;
    a->c = (float)c->c;
    a->length_power = (float)c->length_power;
    switch (a->form) {
    case ATTENTION_SOFTMAX_FREEDIV:
        return softmax_freediv(v, a, st, err);
    case ATTENTION_2QUAD_FREEDIV:
        return quad_freediv(v, a, st, err);
    case ATTENTION_THEX:
        return thex(v, a, st, err);
    case ATTENTION_SCALED_SIGMA:
        return scaled_sigma(v, a, st, err);
    default:
        return OK;
    }
}

static double activation_value(double x, const void *ctx)
{
    switch (*(const activation_form *)ctx) {
    case ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case ACTIVATION_GELU_TANH:
        return x / 2 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    default:
        return x / 2 * (1 + erf(x * 0.7071067811865476));
    }
}

static status change_activation(variant *v, activation *f, activation_form form,
                                const range_recorder *ranges, error *err)
{
    const activation_form before = f->form;
    f->form = form;
    if (form != ACTIVATION_POLYNOMIAL) {
        return OK;
    }
    float *coef = add_constant(v, f->name, "coefficients", VARIANT_ACTIVATION_DEGREE + 1, 0);
    float *ends = add_constant(v, f->name, "interval", 2, 0);
    double lo = 0, hi = 0;
    if (!coef || !ends) {
        return error_memory(err);
    }
    if (!range_of(ranges, f->name, "input", &lo, &hi) || !(lo < hi)) {
        return error_set(err, ERR_PRECISION, "%s: its inputs were not seen", f->name);
    }
    ends[0] = (float)lo;
    ends[1] = (float)hi;
    fit_chebyshev(coef, VARIANT_ACTIVATION_DEGREE, ends[0], ends[1], activation_value, &before);
    f->poly = (polynomial){ends[0], ends[1], VARIANT_ACTIVATION_DEGREE, coef};
    return OK;
}

/* LayerNorm with the row's mean and deviation replaced by their averages: an affine map, kept in
 * the tensors of the LayerNorm itself. */
static status change_norm(variant *v, norm *n, norm_form form, const calibration *c, error *err)
{
    const norm_stats *st = &c->norms[n->id];
    n->form = form;
    if (form == NORM_LAYERNORM) {
        return OK;
    }
    float *gamma = add_constant(v, n->name, "gamma", n->dim, 0);
    float *beta = add_constant(v, n->name, "beta", n->dim, 0);
    if (!gamma || !beta) {
        return error_memory(err);
    }
    const double mean = st->rows > 0 ? st->sum_mean / st->rows : 0;
    const double deviation = st->rows > 0 ? st->sum_deviation / st->rows : 1;
    for (size_t i = 0; i < n->dim; i++) {
        const double g = (double)n->gamma[i] / deviation;
        gamma[i] = (float)g;
        beta[i] = (float)((n->beta ? (double)n->beta[i] : 0) - g * mean);
    }
    n->gamma = gamma;
    n->beta = beta;
    return OK;
}

static status change_layer(variant *v, encoder_layer *l, const recipe *r, calibration *c,
                           const range_recorder *ranges, error *err)
{
    TRY(change_attention(v, &l->attention, r, c, err));
    TRY(change_activation(v, &l->activation, r->activation, ranges, err));
    TRY(change_norm(v, &l->attention_norm, r->norm, c, err));
    return change_norm(v, &l->output_norm, r->norm, c, err);
}

status variant_new(variant *out, const model *m, const recipe *r, calibration *c,
                   const range_recorder *ranges, error *err)
{
    *out = (variant){.model = *m, .arena = arena_new()};
    model *copy = &out->model;
    encoder_layer *layers = out->arena ? arena_take(out->arena, m->n_layers, sizeof *layers) : NULL;
    status st = layers ? OK : error_memory(err);
    if (st == OK) {
        memcpy(layers, m->layers, m->n_layers * sizeof *layers);
        copy->layers = layers;
        copy->recipe = *r;
        copy->head.activation.form = r->pooler;
    }
    for (size_t i = 0; st == OK && i < m->n_layers; i++) {
        st = change_layer(out, &layers[i], r, c, ranges, err);
    }
    if (st != OK) {
        variant_clear(out);
    }
    return st;
}

void variant_clear(variant *v)
{
    arena_free(v->arena);
    mem_free(v->constants);
    *v = (variant){0};
}
