#include "he/weights.h"

#include <math.h>
#include <string.h>

static double weight(const linear *l, size_t row, size_t column)
{
    float x;
    tensor_read(&x, l->weight, row * l->in + column, 1);
    return x;
}

static double bias(const linear *l, size_t row)
{
    return l->bias ? (double)l->bias[row] : 0;
}

static he_square square_of(const he_step *s)
{
    he_square q;
    const bool attends = s->attention != NULL;
    if (attends && s->attention->form == ATTENTION_THEX) { /* s/2 + 1 */
        return (he_square){.root = 0.5, .shift = 2, .sign = 1};
    }
    if (!attends && s->activation->form == ACTIVATION_RELU) {
        return (he_square){.root = 1, .sign = 1};
    }
    const polynomial *p = attends ? &s->attention->sigma_poly : &s->activation->poly;
    CHECK(he_square_of(&q, p, "", NULL) == OK); /* recorded, hence of degree 2 */
    return q;
}

/* ---- Diagonals: lane p of the result, from lane q of x */

typedef struct {
    double re, im;
} entry;

/* Real part of (w - i w') (x_q + i x_(q + dim/2)), which is doubled later. Eq. (4) */
static entry qkv_entry(const he_program *p, const he_step *s, size_t lane, size_t from)
{
    const he_shape *h = &p->shape;
    const size_t which = lane / h->dim;
    if (which > 2) {
        return (entry){0};
    }
    const size_t row = he_feature(h, lane % h->dim);
    return (entry){weight(s->linear[which], row, he_feature(h, from % h->dim)) / 2,
                   -weight(s->linear[which], row, he_feature(h, (from + h->dim / 2) % h->dim)) / 2};
}

static entry up_entry(const he_program *p, const he_step *s, size_t lane, size_t from)
{
    const he_shape *h = &p->shape;
    if (lane >= h->ff / 2) {
        return (entry){0};
    }
    const size_t column = he_feature(h, from % h->dim);
    const double half = square_of(s).root / 2;
    return (entry){half * weight(s->linear[0], lane, column),
                   half * weight(s->linear[0], lane + h->ff / 2, column)};
}

/* Real part of (w + i w') (h_q - i h_(q + ff/2)). */
static entry down_entry(const he_program *p, const he_step *s, size_t lane, size_t from)
{
    const he_shape *h = &p->shape;
    if (lane >= h->dim) {
        return (entry){0};
    }
    const size_t row = he_feature(h, lane), unit = from % (h->ff / 2);
    const double half = square_of(s).sign * (double)s->norm->gamma[row] / 2;
    return (entry){half * weight(s->linear[0], row, unit),
                   half * weight(s->linear[0], row, unit + h->ff / 2)};
}

static entry output_entry(const he_program *p, const he_step *s, size_t lane, size_t from)
{
    const he_shape *h = &p->shape;
    if (lane >= h->dim) {
        return (entry){0};
    }
    const size_t row = he_feature(h, lane);
    return (entry){(double)s->norm->gamma[row] / 2 *
                       weight(s->linear[0], row, he_feature(h, from % h->dim)),
                   0};
}

/* Two maps, one behind the other, are one. */
static entry head_entry(const he_program *p, const he_step *s, size_t lane, size_t from)
{
    const he_shape *h = &p->shape;
    const linear *out = s->linear[1] ? s->linear[1] : s->linear[0];
    if (lane >= out->out) {
        return (entry){0};
    }
    const size_t column = he_feature(h, from % h->dim);
    if (!s->linear[1]) {
        return (entry){weight(out, lane, column), 0};
    }
    double sum = 0;
    for (size_t j = 0; j < out->in; j++) {
        sum += weight(out, lane, j) * weight(s->linear[0], j, column);
    }
    return (entry){sum, 0};
}

static entry select_entry(const he_program *p, const he_step *s, size_t lane)
{
    if (lane / p->shape.dim != 2) {
        return (entry){0};
    }
    return (entry){square_of(s).root * (double)s->attention->scale / 2, 0};
}

/* One where place i of the lane is the token that this diagonal brings. */
static entry token_entry(const he_program *p, const he_step *s, size_t g, size_t b, size_t lane)
{
    const he_shape *h = &p->shape;
    return (entry){lane / h->n_heads == g * s->map.n_baby + b, 0};
}

static entry entry_of(const he_program *p, const he_step *s, size_t g, size_t b, size_t lane)
{
    const size_t from = lane + (size_t)(s->map.giant[g] + s->map.baby[b]);
    switch (s->map.what) {
    case HE_QKV:
        return qkv_entry(p, s, lane, from);
    case HE_UP:
        return up_entry(p, s, lane, from);
    case HE_DOWN:
        return down_entry(p, s, lane, from);
    case HE_OUTPUT:
        return output_entry(p, s, lane, from);
    case HE_HEAD:
        return head_entry(p, s, lane, from);
    case HE_SELECT:
        return select_entry(p, s, lane);
    case HE_SPAN:
        return (entry){lane / p->shape.n_heads < he_span(&p->shape), 0};
    case HE_KEYS:
    case HE_VALUES:
        return token_entry(p, s, g, b, lane);
    }
    return (entry){0};
}

bool he_diagonal(double *re, double *im, const he_program *p, const he_step *s, size_t g, size_t b)
{
    bool any = false;
    for (size_t lane = 0; lane < p->shape.width; lane++) {
        const entry e = entry_of(p, s, g, b, lane);
        re[lane] = e.re;
        im[lane] = e.im;
        any |= e.re != 0 || e.im != 0;
    }
    return any;
}

/* ---- Constants */

static double qkv_bias(const he_program *p, const he_step *s, size_t lane)
{
    const size_t which = lane / p->shape.dim;
    return which > 2 ? 0 : bias(s->linear[which], he_feature(&p->shape, lane % p->shape.dim));
}

static double down_bias(const he_program *p, const he_step *s, size_t row)
{
    double sum = 0;
    for (size_t j = 0; j < p->shape.ff; j++) {
        sum += weight(s->linear[0], row, j);
    }
    return bias(s->linear[0], row) + square_of(s).constant * sum;
}

static double head_bias(const he_step *s, size_t lane)
{
    const linear *out = s->linear[1] ? s->linear[1] : s->linear[0];
    if (lane >= out->out) {
        return 0;
    }
    double sum = bias(out, lane);
    for (size_t j = 0; s->linear[1] && j < out->in; j++) {
        sum += weight(out, lane, j) * bias(s->linear[0], j);
    }
    return sum;
}

/* Half of root (b + shift), since squares take twice of it. */
static entry up_bias(const he_program *p, const he_step *s, size_t lane)
{
    const size_t half = p->shape.ff / 2;
    const he_square q = square_of(s);
    if (lane >= half) {
        return (entry){0};
    }
    return (entry){q.root / 2 * (bias(s->linear[0], lane) + q.shift),
                   q.root / 2 * (bias(s->linear[0], lane + half) + q.shift)};
}

static entry constant(const he_program *p, const he_step *s, size_t lane)
{
    const size_t row = he_feature(&p->shape, lane % p->shape.dim);
    const bool ends = s->bias == HE_BIAS_OUTPUT || s->bias == HE_BIAS_DOWN;
    const double gamma = ends ? (double)s->norm->gamma[row] : 0;
    const double beta = ends ? (double)s->norm->beta[row] : 0;
    double x;
    switch (s->bias) {
    case HE_BIAS_QKV:
        return (entry){qkv_bias(p, s, lane), 0};
    case HE_BIAS_SCORES:
        x = square_of(s).root * square_of(s).shift / 2;
        return (entry){x, x};
    case HE_BIAS_SIGMA: /* times the sign, which the values bring */
        x = square_of(s).sign * square_of(s).constant;
        return (entry){x, -x};
    case HE_BIAS_UP:
        return up_bias(p, s, lane);
    case HE_BIAS_OUTPUT:
        return (entry){gamma * bias(s->linear[0], row) + beta, 0};
    case HE_BIAS_DOWN:
        return (entry){gamma * down_bias(p, s, row) + beta, 0};
    case HE_BIAS_HEAD:
        return (entry){head_bias(s, lane), 0};
    }
    return (entry){0};
}

void he_constants(double *re, double *im, const he_program *p, const he_step *s)
{
    for (size_t lane = 0; lane < p->shape.width; lane++) {
        const entry e = constant(p, s, lane);
        re[lane] = e.re;
        im[lane] = e.im;
    }
}

void he_gamma(double *re, const he_program *p, const he_step *s)
{
    for (size_t lane = 0; lane < p->shape.width; lane++) {
        re[lane] = (double)s->norm->gamma[he_feature(&p->shape, lane % p->shape.dim)];
    }
}

double he_factor(const he_step *s, size_t n)
{
    const attention *a = s->attention;
    return square_of(s).sign / pow((double)n, (double)a->length_power);
}
