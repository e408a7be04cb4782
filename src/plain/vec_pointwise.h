/** Activations, rows of attention weights and norms on vectors: the bodies that the AVX2 and the
 * AVX-512 table share. vec_avx2.h or vec_avx512.h stands before it.
 *
 * A row's sum is one chain a lane, then a fixed tree over the lanes, so it depends on the row's
 * length alone.
 */
#ifndef TACIT_PLAIN_VEC_POINTWISE_H
#define TACIT_PLAIN_VEC_POINTWISE_H

#include <math.h>

#include "base/unroll.h"
#include "plain/forms.h"
#include "plain/vec_math.h"

ALWAYS_INLINE void map(float *y, const float *x, size_t n, vec (*f)(vec))
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec_store(y + i, f(vec_load(x + i)));
    }
    if (i < n) {
        vec_store_first(y + i, f(vec_load_first(x + i, n - i)), n - i);
    }
}

/* Clenshaw's sum; recipes.md (11). */
ALWAYS_INLINE vec clenshaw(const polynomial *p, vec x)
{
    const double width = p->hi - p->lo;
    const vec t =
        vec_fma(x, vec_set((float)(2 / width)), vec_set((float)(-(p->lo + p->hi) / width)));
    const vec twice = t + t;
    vec b1 = vec_set(0), b2 = vec_set(0);
    for (size_t k = p->degree; k > 0; k--) {
        const vec b = vec_fma(twice, b1, vec_set(p->coef[k]) - b2);
        b2 = b1;
        b1 = b;
    }
    return vec_fma(t, b1, vec_set(p->coef[0]) - b2);
}

static void map_polynomial(float *y, const float *x, size_t n, const polynomial *p)
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vec_store(y + i, clenshaw(p, vec_load(x + i)));
    }
    if (i < n) {
        vec_store_first(y + i, clenshaw(p, vec_load_first(x + i, n - i)), n - i);
    }
}

static void activate_point(float *y, const float *x, size_t n, activation_form form,
                           const polynomial *poly)
{
    switch (form) {
    case ACTIVATION_GELU:
        map(y, x, n, vec_gelu);
        return;
    case ACTIVATION_GELU_TANH:
        map(y, x, n, vec_gelu_tanh);
        return;
    case ACTIVATION_SILU:
        map(y, x, n, vec_silu);
        return;
    case ACTIVATION_RELU:
        map(y, x, n, vec_relu);
        return;
    case ACTIVATION_TANH:
        map(y, x, n, vec_tanh);
        return;
    case ACTIVATION_QUAD:
        map(y, x, n, vec_quad);
        return;
    case ACTIVATION_POLYNOMIAL:
        map_polynomial(y, x, n, poly);
        return;
    case ACTIVATION_NONE:
        break;
    }
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i];
    }
}

static void activate(float *y, const float *x, size_t n, const activation *f)
{
    activate_point(y, x, n, f->form, &f->poly);
}

/* s <- f(s, c) in place; the sum of what comes out. */
ALWAYS_INLINE float map_sum(float *s, size_t n, vec (*f)(vec, vec), float c)
{
    const vec constant = vec_set(c);
    vec sum = vec_set(0);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vec w = f(vec_load(s + i), constant);
        vec_store(s + i, w);
        sum += w;
    }
    if (i < n) {
        const vec w = f(vec_load_first(s + i, n - i), constant);
        vec_store_first(s + i, w, n - i);
        sum += vec_first(w, vec_set(0), n - i);
    }
    return vec_sum(sum);
}

static inline vec shifted_exp(vec s, vec shift)
{
    return vec_exp(s - shift);
}

static inline vec shifted_square(vec s, vec c)
{
    return (s + c) * (s + c);
}

static inline vec cubic_relu(vec s, vec half)
{
    const vec r = vec_max(vec_set(0), vec_fma(s, half, vec_set(1)));
    return r * r * r;
}

static inline vec itself(vec s, vec c)
{
    (void)c;
    return s;
}

static float row_largest(const float *s, size_t n)
{
    vec most = vec_set(-INFINITY);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        most = vec_max(most, vec_load(s + i));
    }
    if (i < n) {
        most = vec_max(most, vec_first(vec_load_first(s + i, n - i), most, n - i));
    }
    return vec_largest(most);
}

static void raise_to(float *s, size_t n, unsigned power)
{
    for (size_t i = 0; i < n; i++) {
        float r = 1;
        for (unsigned j = 0; j < power; j++) {
            r *= s[i];
        }
        s[i] = r;
    }
}

static row_weights weights(float *s, size_t n, const attention *a, size_t h)
{
    float sum = 0;
    switch (a->form) {
    case ATTENTION_SOFTMAX:
        sum = map_sum(s, n, shifted_exp, row_largest(s, n));
        break;
    case ATTENTION_SOFTMAX_FREEDIV:
        sum = map_sum(s, n, shifted_exp, a->shift ? a->shift[h] : 0);
        break;
    case ATTENTION_2QUAD:
    case ATTENTION_2QUAD_FREEDIV:
        sum = map_sum(s, n, shifted_square, a->c);
        break;
    case ATTENTION_THEX:
        if (a->thex_literal) {
            return forms_weights(s, n, a, h);
        }
        sum = map_sum(s, n, cubic_relu, 0.5f);
        break;
    case ATTENTION_SCALED_SIGMA:
        activate_point(s, s, n, a->sigma, &a->sigma_poly);
        sum = map_sum(s, n, itself, 0);
        break;
    case ATTENTION_POWER:
        raise_to(s, n, a->power);
        sum = map_sum(s, n, itself, 0);
        break;
    }
    return (row_weights){.factor = (float)forms_factor(a, h, n, (double)sum), .sum = sum};
}

/* y = x + residual; the row's sum. */
static float add_residual(float *y, const float *x, const float *residual, size_t dim)
{
    vec sum = vec_set(0);
    size_t i = 0;
    for (; i + LANES <= dim; i += LANES) {
        vec v = vec_load(x + i);
        if (residual) {
            v += vec_load(residual + i);
        }
        vec_store(y + i, v);
        sum += v;
    }
    if (i < dim) {
        vec v = vec_load_first(x + i, dim - i);
        if (residual) {
            v += vec_load_first(residual + i, dim - i);
        }
        vec_store_first(y + i, v, dim - i);
        sum += v;
    }
    return vec_sum(sum);
}

/* Sum of (y - mean)². */
static float centred_squares(const float *y, float mean, size_t dim)
{
    const vec m = vec_set(mean);
    vec sum = vec_set(0);
    size_t i = 0;
    for (; i + LANES <= dim; i += LANES) {
        const vec c = vec_load(y + i) - m;
        sum = vec_fma(c, c, sum);
    }
    if (i < dim) {
        const vec c = vec_first(vec_load_first(y + i, dim - i) - m, vec_set(0), dim - i);
        sum = vec_fma(c, c, sum);
    }
    return vec_sum(sum);
}

/* y <- gamma (y - mean)·scale + beta */
static void apply_norm(float *y, float mean, float scale, const norm *f)
{
    const vec m = vec_set(mean), s = vec_set(scale);
    const size_t dim = f->dim;
    size_t i = 0;
    for (; i + LANES <= dim; i += LANES) {
        const vec v = (vec_load(y + i) - m) * s;
        const vec beta = f->beta ? vec_load(f->beta + i) : vec_set(0);
        vec_store(y + i, vec_fma(vec_load(f->gamma + i), v, beta));
    }
    if (i < dim) {
        const size_t n = dim - i;
        const vec v = (vec_load_first(y + i, n) - m) * s;
        const vec beta = f->beta ? vec_load_first(f->beta + i, n) : vec_set(0);
        vec_store_first(y + i, vec_fma(vec_load_first(f->gamma + i, n), v, beta), n);
    }
}

static void normalise(float *y, const float *x, const float *residual, const norm *f)
{
    const float count = (float)f->dim;
    float mean = add_residual(y, x, residual, f->dim) / count, scale = 1;
    switch (f->form) {
    case NORM_LAYERNORM:
        scale = 1 / sqrtf(centred_squares(y, mean, f->dim) / count + f->eps);
        break;
    case NORM_RMSNORM:
        mean = 0;
        scale = 1 / sqrtf(centred_squares(y, 0, f->dim) / count + f->eps);
        break;
    case NORM_LAYERNORM_POLYNOMIAL: {
        const float variance = centred_squares(y, mean, f->dim) / count;
        scale = (float)forms_polynomial(&f->poly, (double)variance);
        break;
    }
    case NORM_AFFINE:
    case NORM_BATCHNORM:
        mean = 0;
        break;
    }
    apply_norm(y, mean, scale, f);
}

#endif
