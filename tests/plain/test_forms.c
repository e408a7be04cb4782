#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "plain/forms.h"

/* The reference against the formulas of docs/design/recipes.md, by hand. */

enum { N = 4, HEAD = 1 };
static const float scores[N] = {-1.5f, 0.25f, 2, -0.5f};

static void expect(double got, double want)
{
    if (!(fabs(got - want) <= 2e-7 * fabs(want))) {
        fail_msg("%.9g, should be %.9g", got, want);
    }
}

/* P of recipes.md for `scores`, or for n scores that are all `same` where n > 0. */
static void weigh(double *p, const attention *a, size_t n, float same)
{
    float s[64];
    memcpy(s, scores, sizeof scores);
    for (size_t i = 0; i < n; i++) {
        s[i] = same;
    }
    n = n ? n : N;
    const row_weights w = forms_weights(s, n, a, HEAD);
    for (size_t i = 0; i < n; i++) {
        p[i] = (double)w.factor * (double)s[i];
    }
}

static void test_softmax(void **state)
{
    (void)state;
    const attention a = {.form = ATTENTION_SOFTMAX};
    double p[64], sum = 0;
    weigh(p, &a, 0, 0);
    for (int i = 0; i < N; i++) {
        sum += exp((double)scores[i]);
    }
    for (int i = 0; i < N; i++) {
        expect(p[i], exp((double)scores[i]) / sum);
    }
    weigh(p, &a, 1, -1e30f); /* one key takes all, wherever its score is */
    expect(p[0], 1);
    weigh(p, &a, 10, 1e30f);
    expect(p[7], 0.1);
}

static void test_2quad(void **state)
{
    (void)state;
    const attention a = {.form = ATTENTION_2QUAD, .c = 5};
    double p[64], sum = 0;
    weigh(p, &a, 0, 0);
    for (int i = 0; i < N; i++) {
        sum += pow((double)scores[i] + 5, 2);
    }
    for (int i = 0; i < N; i++) {
        expect(p[i], pow((double)scores[i] + 5, 2) / sum);
    }
    weigh(p, &a, 6, -5); /* nothing to divide by: all zero */
    for (int i = 0; i < 6; i++) {
        assert_true(p[i] == 0);
    }
    weigh(p, &a, 1, 3);
    expect(p[0], 1);
}

static void test_forms_without_division(void **state)
{
    (void)state;
    const float shift[] = {9, 0.5f}, kappa[] = {9, 3};
    attention a = {.form = ATTENTION_SOFTMAX_FREEDIV, .length_power = 0.5f};
    double p[64];
    weigh(p, &a, 0, 0);
    expect(p[2], exp(2) / 2);
    a.shift = shift;
    a.kappa = kappa;
    weigh(p, &a, 0, 0);
    expect(p[2], exp(1.5) / (3 * 2));
    weigh(p, &a, 9, 0.5f);
    expect(p[8], 1.0 / (3 * 3));
    a.form = ATTENTION_2QUAD_FREEDIV;
    a.c = 5;
    a.length_power = 1;
    weigh(p, &a, 0, 0);
    expect(p[1], 5.25 * 5.25 / (3 * 4));
    weigh(p, &a, 1, -5);
    assert_true(p[0] == 0);
}

/* T(x) = 2·relu(relu(x - 1) - 0.5·relu(2 x) + 4) - 1·relu(3) + 0.25 */
static const float w1[] = {1, 2}, b1[] = {-1, 0}, w2[] = {1, -0.5f, 0, 0}, b2[] = {4, 3},
                   w3[] = {2, -1}, b3[] = {0.25f};
static const reciprocal_net net = {
    .width = 2, .w1 = w1, .b1 = b1, .w2 = w2, .b2 = b2, .w3 = w3, .b3 = b3};

static double net_by_hand(double x)
{
    const double g = fmax(0, x - 1), h = fmax(0, 2 * x);
    return 2 * fmax(0, g - 0.5 * h + 4) - 3 + 0.25;
}

static void test_thex(void **state)
{
    (void)state;
    for (double x = -3; x < 9; x += 0.5) {
        expect(forms_reciprocal(&net, x), net_by_hand(x));
    }
    attention a = {.form = ATTENTION_THEX, .thex = net};
    double p[64], r[N], sum = 0;
    for (int i = 0; i < N; i++) {
        r[i] = pow(fmax(0, (double)scores[i] / 2 + 1), 3);
        sum += r[i];
    }
    weigh(p, &a, 0, 0);
    for (int i = 0; i < N; i++) {
        expect(p[i], r[i] * net_by_hand(sum));
    }
    a.thex_literal = true;
    weigh(p, &a, 0, 0);
    for (int i = 0; i < N; i++) {
        expect(p[i], (double)scores[i] * net_by_hand(sum));
    }
    a.thex_literal = false;
    weigh(p, &a, 3, -2); /* the cubic is 0 from -2 down */
    assert_true(p[0] == 0 && p[2] == 0);
}

static void test_scaled_sigma_and_power(void **state)
{
    (void)state;
    const float coef[] = {1, 0.5f, 0.25f};
    attention a = {.form = ATTENTION_SCALED_SIGMA,
                   .sigma = ACTIVATION_POLYNOMIAL,
                   .sigma_poly = {.lo = -2, .hi = 2, .degree = 2, .coef = coef},
                   .length_power = 1,
                   .power = 4};
    double p[64];
    weigh(p, &a, 0, 0);
    for (int i = 0; i < N; i++) {
        const double t = (double)scores[i] / 2;
        expect(p[i], (1 + 0.5 * t + 0.25 * (2 * t * t - 1)) / N);
    }
    a.sigma = ACTIVATION_RELU;
    weigh(p, &a, 0, 0);
    assert_true(p[0] == 0);
    expect(p[2], 0.5);
    a.form = ATTENTION_POWER;
    weigh(p, &a, 0, 0);
    expect(p[2], 16 / (16 + pow(1.5, 4) + pow(0.25, 4) + pow(0.5, 4)));
    weigh(p, &a, 5, 0);
    assert_true(p[0] == 0 && p[4] == 0);
}

static void test_activations(void **state)
{
    (void)state;
    for (double x = -6; x < 6; x += 0.125) {
        const double cubic = sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);
        expect(forms_point(ACTIVATION_NONE, NULL, x), x);
        assert_true(fabs(forms_point(ACTIVATION_GELU, NULL, x) - 0.5 * x * (1 + erf(x / sqrt(2)))) <
                    1e-15);
        assert_true(fabs(forms_point(ACTIVATION_GELU_TANH, NULL, x) - 0.5 * x * (1 + tanh(cubic))) <
                    1e-14);
        expect(forms_point(ACTIVATION_SILU, NULL, x), x / (1 + exp(-x)));
        expect(forms_point(ACTIVATION_RELU, NULL, x), x > 0 ? x : 0);
        expect(forms_point(ACTIVATION_TANH, NULL, x), tanh(x));
        expect(forms_point(ACTIVATION_QUAD, NULL, x), 0.125 * x * x + 0.25 * x + 0.5);
    }
    assert_true(isnan(forms_point(ACTIVATION_RELU, NULL, NAN)));
}

static void test_polynomial(void **state)
{
    (void)state;
    const float coef[] = {1, -2, 3, 0.5f};
    polynomial p = {.lo = -1, .hi = 3, .degree = 3, .coef = coef};
    expect(forms_polynomial(&p, 3), 2.5);                          /* every T_k(1) is 1 */
    expect(forms_polynomial(&p, -1), 5.5);                         /* T_k(-1) alternates */
    expect(forms_polynomial(&p, 1), -2);                           /* T_k(0) is 1, 0, -1, 0 */
    expect(forms_polynomial(&p, 5), 1 - 2 * 2 + 3 * 7 + 0.5 * 26); /* outside: t = 2 */
    p.degree = 0;
    expect(forms_polynomial(&p, 17), 1);
    p.degree = 1;
    expect(forms_polynomial(&p, 2), 0 + 1 - 2 * 0.5);
}

static void test_norms(void **state)
{
    (void)state;
    const float x[] = {1, 2, 6}, residual[] = {1, 0, -1}, gamma[] = {2, 1, -1}, beta[] = {0, 1, 2};
    const float coef[] = {2, 1};
    norm f = {.form = NORM_LAYERNORM, .dim = 3, .eps = 0.5f, .gamma = gamma, .beta = beta};
    float y[3];
    forms_normalise(y, x, residual, &f); /* 2 2 5: mean 3, variance 2 */
    expect((double)y[0], 2 * -1 / sqrt(2.5));
    expect((double)y[1], -1 / sqrt(2.5) + 1);
    expect((double)y[2], -2 / sqrt(2.5) + 2);
    f.form = NORM_LAYERNORM_POLYNOMIAL;
    f.poly = (polynomial){.lo = 0, .hi = 4, .degree = 1, .coef = coef};
    forms_normalise(y, x, residual, &f);
    expect((double)y[2], -2 * 2 + 2);
    f.form = NORM_AFFINE;
    forms_normalise(y, x, NULL, &f);
    expect((double)y[0], 2);
    expect((double)y[2], -4);
    f.form = NORM_BATCHNORM;
    forms_normalise(y, x, residual, &f);
    expect((double)y[2], -3);
    f.form = NORM_RMSNORM;
    f.beta = NULL;
    f.eps = 1;
    forms_normalise(y, x, NULL, &f); /* mean of squares 41/3 */
    expect((double)y[1], 2 / sqrt(41.0 / 3 + 1));
}

static void test_norm_of_equal_numbers(void **state)
{
    (void)state;
    const float x[] = {7, 7, 7, 7}, one[] = {1, 1, 1, 1}, beta[] = {1, 2, 3, 4};
    const norm f = {.form = NORM_LAYERNORM, .dim = 4, .eps = 1e-12f, .gamma = one, .beta = beta};
    float y[4];
    forms_normalise(y, x, NULL, &f); /* nothing but beta is left, and nothing divides by 0 */
    for (int i = 0; i < 4; i++) {
        expect((double)y[i], (double)beta[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_2quad),
        cmocka_unit_test(test_forms_without_division),
        cmocka_unit_test(test_thex),
        cmocka_unit_test(test_scaled_sigma_and_power),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_polynomial),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_norm_of_equal_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
