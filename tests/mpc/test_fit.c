#include "mpc/fit.h"

#include <math.h>
#include <stdbool.h>

#include "mpc/same_math.h"
#include "test.h"

static bool near(double is, double should, double by)
{
    return fabs(is - should) <= by;
}

static void test_elementary_functions_agree_with_libm(void **state)
{
    (void)state;
    for (int i = -4000; i <= 4000; i++) {
        const double x = i / 250.0;
        assert_true(near(same_cos_turns(x), cos(6.283185307179586 * x), 1e-13));
        assert_true(near(same_sin_turns(x), sin(6.283185307179586 * x), 1e-13));
        assert_true(near(same_exp(x) / exp(x), 1, 2e-15));
        assert_true(near(same_tanh(x), tanh(x), 1e-15));
        assert_true(near(same_erf(x), erf(x), 2e-15));
        assert_true(near(same_log(same_exp(x)), x, 5e-15));
    }
    assert_true(same_cos_turns(0.25) == 0 && same_sin_turns(0.5) == 0 && same_sin_turns(1e9) == 0);
    assert_true(same_cos_turns(-7) == 1 && same_sin_turns(0.25) == 1);
    assert_true(same_exp(1000) == HUGE_VAL && same_exp(-1000) == 0);
}

static double reference(mpc_function f, double z)
{
    switch (f) {
    case MPC_GELU:
        return z / 2 * (1 + erf(z / sqrt(2)));
    case MPC_GELU_TANH:
        return z / 2 * (1 + tanh(sqrt(2 / 3.141592653589793) * (z + 0.044715 * z * z * z)));
    case MPC_SILU:
        return z / (1 + exp(-z));
    case MPC_TANH:
        return tanh(z);
    case MPC_SIGMOID:
        return 1 / (1 + exp(-z));
    case MPC_EXP:
        return exp(z);
    case MPC_RECIPROCAL:
        return 1 / z;
    case MPC_RSQRT:
        return 1 / sqrt(z);
    }
    return 0;
}

static double scale(mpc_function f, double z, double hi)
{
    return f == MPC_EXP                            ? exp(-hi)
           : f == MPC_RECIPROCAL || f == MPC_RSQRT ? 1 / reference(f, z)
                                                   : 1;
}

/* Over other points than the fit looks at. */
static void check_error(const mpc_series *s, double bound)
{
    double worst = 0;
    for (int i = 0; i <= 30011; i++) {
        const double x = i / 30011.0;
        for (int logarithmic = 0; logarithmic <= (s->lo > 0); logarithmic++) {
            const double z =
                logarithmic ? s->lo * pow(s->hi / s->lo, x) : s->lo + (s->hi - s->lo) * x;
            const double e = fabs(mpc_series_at(s, z) - reference(s->f, z)) * scale(s->f, z, s->hi);
            worst = fmax(worst, e);
        }
    }
    assert_true(worst <= bound);
    assert_true(worst <= s->max_error * 1.01 + 1e-12);
    assert_true(s->rms_error <= s->max_error && s->rms_error > 0);
}

static const struct {
    mpc_function f;
    double lo, hi, wanted;
    unsigned dealt_frac;
    size_t most_terms;
} fits[] = {
    {MPC_GELU, -12, 12, 3e-4, 16, 9},
    {MPC_GELU, -6, 6, 3e-4, 16, 6},
    {MPC_GELU, -17, 25, 3e-4, 16, 16},
    {MPC_GELU, -64, 64, 3e-4, 16, 37},
    {MPC_GELU, -0.3, 2, 1e-3, 16, 8},
    {MPC_GELU, 2, 7, 1e-3, 16, 8},
    {MPC_GELU_TANH, -12, 12, 3e-4, 16, 9},
    {MPC_SILU, -12, 12, 3e-4, 16, 10},
    {MPC_TANH, -6, 6, 3e-4, 16, 9},
    {MPC_TANH, -9, -2, 3e-4, 16, 14},
    {MPC_SIGMOID, -10, 10, 1e-4, 16, 9},
    {MPC_EXP, -16, 0, 1e-4, 20, 8},
    {MPC_EXP, -8, 8, 2e-5, 20, 10},
    {MPC_RECIPROCAL, 1, 16, 1e-4, 24, 16},
    {MPC_RECIPROCAL, 1.0 / 128, 1, 1e-4, 32, 60},
    {MPC_RSQRT, 1, 64, 1e-4, 24, 32},
    {MPC_RSQRT, 1, 1024, 1e-3, 32, 200},
};

static void test_fits_reach_what_was_wanted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        mpc_series s;
        error err = {0};
        assert_int_equal(mpc_fit(&s, fits[i].f, fits[i].lo, fits[i].hi, fits[i].wanted,
                                 &(mpc_fit_limits){.dealt_frac = fits[i].dealt_frac}, &err),
                         OK);
        print_message("%s [%g, %g]: %zu terms, period %.3f, error %.2e\n", mpc_function_name(s.f),
                      s.lo, s.hi, s.n, s.period, s.max_error);
        assert_true(s.n <= fits[i].most_terms);
        assert_true(s.period > s.hi - s.lo);
        check_error(&s, fits[i].wanted);
    }
}

static void test_a_fit_is_the_same_twice(void **state)
{
    (void)state;
    static mpc_series s, again;
    error err = {0};
    const mpc_fit_limits limits = {.dealt_frac = 16};
    assert_int_equal(mpc_fit(&s, MPC_GELU, -12, 12, 3e-4, &limits, &err), OK);
    assert_int_equal(mpc_fit(&again, MPC_GELU, -12, 12, 3e-4, &limits, &err), OK);
    assert_memory_equal(&s, &again, sizeof s);
}

/* Two servers whose compilers or C libraries differ must not differ in a bit. These are gcc's and
 * clang's, without optimisation and with all of it. */
static void test_every_machine_gets_the_same_bits(void **state)
{
    (void)state;
    static mpc_series s;
    error err = {0};
    assert_int_equal(mpc_fit_period(&s, MPC_GELU, -12, 12, 32, 9, 2, 16, &err), OK);
    assert_true(s.constant == 0x1.ffff361f710dbp+1 && s.a[0] == -0x1.a6c754684652dp+1 &&
                s.a[8] == -0x1.06674b3760674p-11);
    assert_int_equal(mpc_fit_period(&s, MPC_RSQRT, 1.0 / 64, 1, 1.5, 24, 1, 32, &err), OK);
    assert_true(s.constant == 0x1.26abd5f0b8315p+14 && s.a[0] == 0x1.859941825a911p+15 &&
                s.b[23] == -0x1.36211feaac787p-6);
}

static void test_a_period_may_be_given(void **state)
{
    (void)state;
    static mpc_series s;
    error err = {0};
    assert_int_equal(mpc_fit_period(&s, MPC_GELU, -12, 12, 32, 16, 1, 16, &err), OK);
    assert_int_equal(s.n, 16);
    assert_int_equal(s.harmonic[15], 16);
    assert_true(s.slope == 0.5 && s.b[3] == 0);
    check_error(&s, 3e-4);
    assert_int_equal(mpc_fit_period(&s, MPC_GELU, -12, 12, 31.5, 8, 2, 16, &err), OK);
    assert_int_equal(s.harmonic[7], 15);
    check_error(&s, 1e-3);
}

static void test_what_cannot_be_reached_is_told(void **state)
{
    (void)state;
    static mpc_series s;
    error err = {0};
    const mpc_fit_limits few = {.dealt_frac = 16, .max_terms = 5};
    assert_int_equal(mpc_fit(&s, MPC_GELU, -12, 12, 3e-4, &few, &err), ERR_PRECISION);
    assert_error(err, ERR_PRECISION, "gelu", "[-12, 12]", "5 terms");
    const mpc_fit_limits limits = {.dealt_frac = 24};
    static const struct {
        mpc_function f;
        double lo, hi;
    } bad[] = {{MPC_RECIPROCAL, -1, 4}, {MPC_RSQRT, 0, 4},       {MPC_GELU, 3, 3},
               {MPC_GELU, 3, -3},       {MPC_TANH, NAN, 1},      {MPC_SILU, 0, INFINITY},
               {MPC_EXP, -1, 800},      {MPC_SIGMOID, -1e30, 0}, {MPC_GELU_TANH, 0, 1e7}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (error){0};
        assert_int_equal(mpc_fit(&s, bad[i].f, bad[i].lo, bad[i].hi, 1e-3, &limits, &err),
                         ERR_PRECISION);
        assert_error(err, ERR_PRECISION, mpc_function_name(bad[i].f));
    }
}

typedef struct {
    double noise;    /* rms apart from the series */
    double max, rms; /* apart from the function */
} spread;

/* Each dealt word and each public coefficient rounded as the widths say, at random z and masks. */
static spread measured(const mpc_series *s, const mpc_widths *w, unsigned less, int n)
{
    double squares = 0, all = 0, worst = 0;
    uint64_t state = 1;
    for (int i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double mask = (double)(state >> 40) / (1 << 24);
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double z = s->lo + (s->hi - s->lo) * (double)(state >> 40) / (1 << 24);
        const double opened = z / s->period + mask;
        double sum = s->constant + s->slope * z;
        for (size_t k = 0; k < s->n; k++) {
            const int d = (int)(w->word[k] - less), c = (int)(w->coef[k] - less);
            const double h = s->harmonic[k];
            const double ct = same_cos_turns(h * opened), st = same_sin_turns(h * opened);
            const double p = ldexp(nearbyint(ldexp(s->a[k] * ct + s->b[k] * st, c)), -c);
            const double q = ldexp(nearbyint(ldexp(s->a[k] * st - s->b[k] * ct, c)), -c);
            sum += p * ldexp(nearbyint(ldexp(same_cos_turns(h * mask), d)), -d);
            sum += q * ldexp(nearbyint(ldexp(same_sin_turns(h * mask), d)), -d);
        }
        const double e = sum - mpc_series_at(s, z);
        squares += e * e;
        const double whole = fabs(sum - reference(s->f, z));
        worst = fmax(worst, whole);
        all += whole * whole;
    }
    return (spread){sqrt(squares / n), worst, sqrt(all / n)};
}

static void test_widths_keep_the_noise(void **state)
{
    (void)state;
    static mpc_series s;
    error err = {0};
    const mpc_function functions[] = {MPC_GELU, MPC_TANH, MPC_EXP};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        assert_int_equal(
            mpc_fit(&s, functions[i], -8, 4, 1e-4, &(mpc_fit_limits){.dealt_frac = 18}, &err), OK);
        for (double noise = 1e-3; noise > 1e-6; noise /= 5) {
            mpc_widths w;
            assert_int_equal(mpc_series_widths(&w, &s, noise, &err), OK);
            assert_true(w.noise <= noise && w.noise > noise / 2);
            const double is = measured(&s, &w, 0, 20000).noise;
            const double less = measured(&s, &w, 1, 20000).noise;
            assert_true(is < 1.1 * w.noise);
            assert_true(less > 1.5 * is && less < 2.5 * is);
            for (size_t k = 0; k < s.n; k++) {
                assert_true(w.word[k] + w.coef[k] <= (int)w.scale);
            }
        }
    }
    mpc_widths w;
    assert_int_equal(mpc_series_widths(&w, &s, 1e-14, &err), ERR_PRECISION);
    assert_error(err, ERR_PRECISION, "exp", "bits");
}

/* What docs/design/lookup.md says of GELU on ±12. */
static void test_gelu_in_short_words(void **state)
{
    (void)state;
    static mpc_series s;
    mpc_widths w;
    error err = {0};
    assert_int_equal(
        mpc_fit(&s, MPC_GELU, -12, 12, 3e-4, &(mpc_fit_limits){.dealt_frac = 16}, &err), OK);
    assert_int_equal(mpc_series_widths(&w, &s, 5.6e-5, &err), OK);
    const spread is = measured(&s, &w, 0, 400000);
    print_message("%.2f bits a term, scale %u, largest error %.2e, rms %.2e\n", w.bits, w.scale,
                  is.max, is.rms);
    assert_true(s.n * (24 + w.bits) <= 9 * 48.3);
    assert_true(is.max <= 5e-4 && is.rms <= 1.2e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementary_functions_agree_with_libm),
        cmocka_unit_test(test_fits_reach_what_was_wanted),
        cmocka_unit_test(test_a_fit_is_the_same_twice),
        cmocka_unit_test(test_every_machine_gets_the_same_bits),
        cmocka_unit_test(test_a_period_may_be_given),
        cmocka_unit_test(test_what_cannot_be_reached_is_told),
        cmocka_unit_test(test_widths_keep_the_noise),
        cmocka_unit_test(test_gelu_in_short_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
