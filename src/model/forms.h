/** The forms that a recipe may choose, with their constants: data, no arithmetic.
 *
 * What each form computes is written in docs/design/recipes.md; `plain/` is its reference.
 * Constants that are vectors are tensors of the model directory, converted to float once.
 */
#ifndef TACIT_MODEL_FORMS_H
#define TACIT_MODEL_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A polynomial in the Chebyshev basis of [lo, hi]: sum over k of coef[k] T_k(t), where
 * t = (2 x - lo - hi) / (hi - lo). Outside the interval it is what the formula gives. */
typedef struct {
    double lo, hi;
    size_t degree;
    const float *coef; /* degree + 1 of them, the model's */
} polynomial;

typedef enum {
    ACTIVATION_NONE, /* y = x: a pooler without tanh */
    ACTIVATION_GELU,
    ACTIVATION_GELU_TANH,
    ACTIVATION_SILU,
    ACTIVATION_RELU,
    ACTIVATION_TANH,
    ACTIVATION_QUAD,       /* 0.125 x^2 + 0.25 x + 0.5 */
    ACTIVATION_POLYNOMIAL, /* poly */
} activation_form;

typedef struct {
    const char *name; /* "layers.3.activation"; also the key of its ranges */
    uint32_t id;      /* place of this operation in the model, 0, 1, … in order of execution */
    activation_form form;
    polynomial poly;
} activation;

typedef enum {
    ATTENTION_SOFTMAX,
    ATTENTION_2QUAD,
    ATTENTION_SOFTMAX_FREEDIV,
    ATTENTION_2QUAD_FREEDIV,
    ATTENTION_THEX,
    ATTENTION_SCALED_SIGMA,
    ATTENTION_POWER,
} attention_form;

/** THE-X's net T(x) = w3·relu(w2·relu(w1·x + b1) + b2) + b3 that estimates 1/x. */
typedef struct {
    size_t width;
    const float *w1, *b1; /* width */
    const float *w2, *b2; /* width × width (row: output), width */
    const float *w3, *b3; /* width, 1 */
} reciprocal_net;

/** Multi-head attention: scores s = scale · q·k over visible keys, weights of the named form, and
 * the weighted sum of the values. Everything here is public but for the model's owner. */
typedef struct {
    const char *name;
    uint32_t id;
    attention_form form;
    size_t n_heads, n_kv_heads, head_dim;
    float scale;
    bool causal;

    float c;            /* 2quad forms: (s + c)^2 */
    float length_power; /* freediv, scaled-sigma: division by n^length_power, n visible keys */
    const float *shift; /* softmax-freediv: b of each head in exp(s - b); NULL is 0 */
    const float *kappa; /* freediv: the divisor of each head; NULL is 1 */
    bool thex_literal;  /* THE-X as printed, s·T(Σ…), rather than the cubic times T(Σ…) */
    reciprocal_net thex;
    activation_form sigma; /* scaled-sigma: the pointwise function */
    polynomial sigma_poly; /* … where it is a polynomial */
    unsigned power;        /* power: the even exponent */
} attention;

typedef enum {
    NORM_LAYERNORM,
    NORM_RMSNORM,
    NORM_AFFINE,               /* gamma·x + beta, no statistics */
    NORM_BATCHNORM,            /* statistics folded into gamma and beta at export */
    NORM_LAYERNORM_POLYNOMIAL, /* poly stands for 1/sqrt(variance + eps) */
} norm_form;

typedef struct {
    const char *name;
    uint32_t id;
    norm_form form;
    size_t dim;
    float eps;
    const float *gamma, *beta; /* dim each; beta NULL for rmsnorm */
    polynomial poly;
} norm;

#endif
