/* SecFormer's protocols of 2024 against their own formulas, and those against the exact functions:
 * the figures of docs/results/mpc-secformer-2024.md. */
#include <math.h>

#include "mpc/fit.h"
#include "mpc/secformer_2024.h"
#include "support/walks.h"
#include "test.h"

enum { N = 4001, OUT_BITS = 36, RING = 64 };

typedef struct {
    uint64_t words[N];
    double real[N], lo, hi, scale;
    unsigned bits, frac;
} input;

static double gelu(double x)
{
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static status run_gelu(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->words, N, in->bits, 12), *y;
    TRY(secformer_gelu(p, &y, x, in->bits, OUT_BITS));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

/* All of [-most, most], of which [-4, 4] is a part. */
static void check_gelu(double most)
{
    input *in = calloc(1, sizeof *in);
    walks w = {.ctx = in};
    const double unit = ldexp(1, SECFORMER_PERIOD_BITS) / secformer_period();
    double own = 0, exact = 0, jumps = 0;
    in->bits = secformer_gelu_bits(most);
    for (int i = 0; i < N; i++) {
        const int64_t x = llrint((2.0 * i / (N - 1) - 1) * most * unit);
        in->words[i] = (uint64_t)x;
        in->real[i] = (double)x / unit;
    }
    walks_run(&w, run_gelu);
    assert_int_equal(w.cost.rounds, 4);
    for (int i = 0; i < N; i++) {
        const double x = in->real[i], got = ldexp((double)walks_signed(&w, 0, (size_t)i), -12);
        if (fabs(fabs(x) - 1.7 * sqrt(2)) >
            2 / unit) { /* at a threshold it may be on either side */
            own = fmax(own, fabs(got - secformer_gelu_at(x)));
            exact = fmax(exact, fabs(got - gelu(x)));
        } else {
            jumps++;
        }
    }
    print_message("GeLU on +-%g: off its formula %.2g, off the exact form %.3g\n", most, own,
                  exact);
    assert_true(jumps <= 4);
    assert_true(own < 1.5e-3);
    assert_true(exact < 0.0195 + 1.5e-3 && exact > 0.015);
    walks_clear(&w);
    free(in);
}

static void test_gelu(void **state)
{
    (void)state;
    assert_true(fabs(secformer_gelu_at(-1) + 0.153419) < 1e-6); /* worked out by hand */
    assert_true(fabs(secformer_gelu_at(1.5) - 1.415763) < 1e-6);
    check_gelu(4);
    check_gelu(20); /* beyond a period */
}

static status run_reciprocal(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *q = walks_input(p, w, in->words, N, in->bits, in->frac), *y;
    const opening o = {.x = q, .width = SECFORMER_SUM_BITS, .grow = RING};
    TRY(mpc_open(p, &o, 1));
    TRY(secformer_reciprocal(p, &y, q, in->hi / in->lo));
    walks_output(p, w, 0, y);
    wire_drop(p, q);
    return OK;
}

static status run_rsqrt(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *v = walks_input(p, w, in->words, N, in->bits, in->frac), *y;
    TRY(secformer_rsqrt(p, &y, v, in->lo, in->hi, in->scale));
    walks_output(p, w, 0, y);
    wire_drop(p, v);
    return OK;
}

/* Spread over [lo, hi] by logarithm. */
static void spread(input *in, double top)
{
    for (int i = 0; i < N; i++) {
        const double x = in->hi * top * pow(in->lo / in->hi, (double)i / (N - 1));
        in->words[i] = (uint64_t)ldexp(x, (int)in->frac);
        in->real[i] = ldexp((double)in->words[i], -(int)in->frac);
    }
}

static void check_reciprocal(double ratio, double bound)
{
    input *in = calloc(1, sizeof *in);
    walks w = {.ctx = in};
    *in = (input){
        .lo = 1 / ratio, .hi = 1, .bits = SECFORMER_SUM_BITS, .frac = SECFORMER_SUM_BITS - 2};
    double off = 0;
    spread(in, 0.9999);
    walks_run(&w, run_reciprocal);
    assert_int_equal(w.cost.rounds, SECFORMER_DIVISION_STEPS);
    for (int i = 0; i < N; i++) {
        const double y = ldexp((double)walks_signed(&w, 0, (size_t)i), -44);
        off = fmax(off, fabs(y * in->real[i] - 1));
    }
    print_message("division over 1 to %g: off by %.2g of itself\n", ratio, off);
    assert_true(off < bound);
    walks_clear(&w);
    free(in);
}

static void test_reciprocal(void **state)
{
    (void)state;
    check_reciprocal(16, 1e-4);
    check_reciprocal(128, 2e-4);
    check_reciprocal(1024, 2e-3);
    assert_true(secformer_division_error(100) < 1e-10);
    assert_true(secformer_division_error(4096) > 0.1);
}

static void check_rsqrt(double ratio, double hi, double scale, double bound)
{
    input *in = calloc(1, sizeof *in);
    walks w = {.ctx = in};
    *in = (input){.lo = hi / ratio, .hi = hi, .bits = 62, .frac = 24, .scale = scale};
    double off = 0;
    spread(in, 1);
    walks_run(&w, run_rsqrt);
    assert_int_equal(w.cost.rounds, 2 * SECFORMER_ROOT_STEPS - 1);
    double frac = 0;
    for (int i = 0; i < N; i++) { /* the fraction is a power of two: of the first answer's */
        const double y = (double)walks_signed(&w, 0, (size_t)i) * sqrt(in->real[i]) / scale;
        frac = i == 0 ? rint(log2(y)) : frac;
        off = fmax(off, fabs(ldexp(y, -(int)frac) - 1));
    }
    print_message("root over 1 to %g: off by %.2g of itself\n", ratio, off);
    assert_true(off < bound);
    walks_clear(&w);
    free(in);
}

static void test_rsqrt(void **state)
{
    (void)state;
    check_rsqrt(16, 5e4, sqrt(768), 2e-4);
    check_rsqrt(128, 700, 20, 3e-4);
    check_rsqrt(512, 9000, sqrt(128), 4e-3);
    assert_true(secformer_root_error(100) < 1e-4);
    assert_true(secformer_root_error(1e5) > 0.1);
}

/* ---- Ours, for the table beside it */

typedef struct {
    uint64_t words[N];
    double real[N];
    mpc_series s;
    mpc_widths widths;
    unsigned period_bits;
} ours;

static status run_ours(mpc *p, walks *w)
{
    const ours *in = w->ctx;
    const mpc_series *s = &in->s;
    const lookup t = {
        .period_bits = in->period_bits,
        .bits = in->widths.scale + 12,
        .frac = in->widths.scale,
        .terms = s->n,
        .every = s->n > 1 ? (unsigned)(s->harmonic[1] - s->harmonic[0]) : 1,
        .a0 = s->constant,
        .alpha = s->slope * s->period / ldexp(1, (int)in->period_bits),
        .a = s->a,
        .b = s->b,
        .word_frac = in->widths.word,
        .coef_frac = in->widths.coef,
    };
    wire *x = walks_input(p, w, in->words, N, lookup_width(&t), 0), *y;
    const opening o = {.x = x, .width = x->bits, .grow = t.alpha != 0 ? t.bits : 0};
    TRY(mpc_open(p, &o, 1));
    TRY(mpc_lookup(p, &y, x, &t, NULL));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

/* The look-ups that src/mpc/plan.c makes for such ranges. */
static void check_ours(mpc_function f, double lo, double hi, double wanted, double noise,
                       unsigned period_bits)
{
    ours *in = calloc(1, sizeof *in);
    walks w = {.ctx = in};
    error err = {0};
    const mpc_fit_limits limits = {.dealt_frac = f == MPC_GELU ? 16 : 28, .max_terms = 256};
    double off = 0;
    in->period_bits = period_bits;
    if (mpc_fit(&in->s, f, lo, hi, wanted, &limits, &err) != OK ||
        mpc_series_widths(&in->widths, &in->s, noise, &err) != OK) {
        fail_msg("%s", err.text);
    }
    const double unit = ldexp(1 / in->s.period, (int)period_bits);
    for (int i = 0; i < N; i++) {
        const double x = lo + (hi - lo) * i / (N - 1);
        const int64_t word = (int64_t)(x * unit);
        in->words[i] = (uint64_t)word;
        in->real[i] = (double)word / unit;
    }
    walks_run(&w, run_ours);
    assert_int_equal(w.cost.rounds, 1);
    for (int i = 0; i < N; i++) {
        const double got = ldexp((double)walks_signed(&w, 0, (size_t)i), -(int)in->widths.scale);
        const double by = mpc_function_weight(f, in->real[i], hi);
        off = fmax(off, fabs(got - mpc_function_at(f, in->real[i])) * by);
    }
    print_message("ours, %s on %g to %g: %zu terms, off by %.2g\n", mpc_function_name(f), lo, hi,
                  in->s.n, off);
    assert_true(off < in->s.max_error + 7 * noise);
    walks_clear(&w);
    free(in);
}

static void test_ours(void **state)
{
    (void)state;
    check_ours(MPC_GELU, -4, 4, 2.5e-4, 2e-4, 18);
    check_ours(MPC_GELU, -20, 20, 2.5e-4, 2e-4, 18);
    check_ours(MPC_RECIPROCAL, 1.0 / 16, 1, 5e-5, 2e-5, 20);
    check_ours(MPC_RECIPROCAL, 1.0 / 128, 1, 5e-5, 2e-5, 20);
    check_ours(MPC_RSQRT, 1.0 / 16, 1, 5e-5, 2e-5, 24);
    check_ours(MPC_RSQRT, 1.0 / 128, 1, 5e-5, 2e-5, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gelu),
        cmocka_unit_test(test_reciprocal),
        cmocka_unit_test(test_rsqrt),
        cmocka_unit_test(test_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
