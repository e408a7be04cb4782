#include "plain/forms.h"

#include <math.h>

double forms_polynomial(const polynomial *p, double x)
{
    const double t = (2 * x - p->lo - p->hi) / (p->hi - p->lo);
    double b1 = 0, b2 = 0;
    for (size_t k = p->degree; k > 0; k--) {
        const double b = 2 * t * b1 - b2 + (double)p->coef[k];
        b2 = b1;
        b1 = b;
    }
    return t * b1 - b2 + (double)p->coef[0];
}

double forms_point(activation_form form, const polynomial *poly, double x)
{
    switch (form) {
    case ACTIVATION_NONE:
        return x;
    case ACTIVATION_GELU:
        return 0.5 * x * erfc(-x * 0.70710678118654752440);
    case ACTIVATION_GELU_TANH: {
        /* 1 + tanh u = 2 / (1 + exp -2u), which keeps its digits where tanh u is near -1 */
        const double u = 0.79788456080286535588 * (x + 0.044715 * x * x * x);
        return x / (1 + exp(-2 * u));
    }
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case ACTIVATION_RELU:
        return x < 0 ? 0 : x; /* NaN stays */
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_QUAD:
        return 0.125 * x * x + 0.25 * x + 0.5;
    case ACTIVATION_POLYNOMIAL:
        return forms_polynomial(poly, x);
    }
    CHECK(!"a form of activation that is none");
    return 0;
}

void forms_activate(float *y, const float *x, size_t n, const activation *f)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (float)forms_point(f->form, &f->poly, (double)x[i]);
    }
}

double forms_reciprocal(const reciprocal_net *net, double x)
{
    double y = (double)net->b3[0];
    for (size_t i = 0; i < net->width; i++) {
        double h = (double)net->b2[i];
        for (size_t j = 0; j < net->width; j++) {
            const double g = (double)net->w1[j] * x + (double)net->b1[j];
            h += g > 0 ? (double)net->w2[i * net->width + j] * g : 0;
        }
        y += h > 0 ? (double)net->w3[i] * h : 0;
    }
    return y;
}

double forms_divisor(const attention *a, size_t h, size_t n)
{
    const double kappa = a->kappa ? (double)a->kappa[h] : 1;
    const double alpha = (double)a->length_power;
    return kappa * (alpha == 1 ? (double)n : pow((double)n, alpha));
}

/* What a score becomes before the division; most is the largest score of the row. */
static double unnormalised(const attention *a, double shift, double most, double s)
{
    switch (a->form) {
    case ATTENTION_SOFTMAX:
        return exp(s - most);
    case ATTENTION_SOFTMAX_FREEDIV:
        return exp(s - shift);
    case ATTENTION_2QUAD:
    case ATTENTION_2QUAD_FREEDIV:
        return (s + (double)a->c) * (s + (double)a->c);
    case ATTENTION_THEX: {
        const double r = s / 2 + 1;
        return r > 0 ? r * r * r : 0;
    }
    case ATTENTION_SCALED_SIGMA:
        return forms_point(a->sigma, &a->sigma_poly, s);
    case ATTENTION_POWER: {
        double r = 1;
        for (unsigned i = 0; i < a->power; i++) {
            r *= s;
        }
        return r;
    }
    }
    CHECK(!"a form of attention that is none");
    return 0;
}

double forms_factor(const attention *a, size_t h, size_t n, double sum)
{
    switch (a->form) {
    case ATTENTION_THEX:
        return forms_reciprocal(&a->thex, sum);
    case ATTENTION_SOFTMAX_FREEDIV:
    case ATTENTION_2QUAD_FREEDIV:
    case ATTENTION_SCALED_SIGMA:
        return 1 / forms_divisor(a, h, n);
    case ATTENTION_SOFTMAX:
    case ATTENTION_2QUAD:
    case ATTENTION_POWER:
        break;
    }
    return sum != 0 ? 1 / sum : 0;
}

row_weights forms_weights(float *s, size_t n, const attention *a, size_t h)
{
    const double shift = a->shift ? (double)a->shift[h] : 0;
    const bool literal = a->form == ATTENTION_THEX && a->thex_literal;
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) {
        most = (double)s[i] > most ? (double)s[i] : most;
    }
    for (size_t i = 0; i < n; i++) {
        const double w = unnormalised(a, shift, most, (double)s[i]);
        sum += w;
        s[i] = literal ? s[i] : (float)w;
    }
    return (row_weights){.factor = (float)forms_factor(a, h, n, sum), .sum = (float)sum};
}

static void row_statistics(double *mean, double *variance, const float *x, const float *residual,
                           size_t dim)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < dim; i++) {
        sum += (double)x[i] + (residual ? (double)residual[i] : 0);
    }
    *mean = sum / (double)dim;
    for (size_t i = 0; i < dim; i++) {
        const double c = (double)x[i] + (residual ? (double)residual[i] : 0) - *mean;
        squares += c * c;
    }
    *variance = squares / (double)dim;
}

void forms_normalise(float *y, const float *x, const float *residual, const norm *f)
{
    double mean = 0, variance = 0, scale = 1;
    if (f->form != NORM_AFFINE && f->form != NORM_BATCHNORM) {
        row_statistics(&mean, &variance, x, residual, f->dim);
    }
    switch (f->form) {
    case NORM_LAYERNORM:
        scale = 1 / sqrt(variance + (double)f->eps);
        break;
    case NORM_RMSNORM: /* mean of the squares: variance and mean put together again */
        scale = 1 / sqrt(variance + mean * mean + (double)f->eps);
        mean = 0;
        break;
    case NORM_LAYERNORM_POLYNOMIAL:
        scale = forms_polynomial(&f->poly, variance);
        break;
    case NORM_AFFINE:
    case NORM_BATCHNORM:
        break;
    }
    for (size_t i = 0; i < f->dim; i++) {
        const double v = (double)x[i] + (residual ? (double)residual[i] : 0);
        const double beta = f->beta ? (double)f->beta[i] : 0;
        y[i] = (float)((double)f->gamma[i] * ((v - mean) * scale) + beta);
    }
}
