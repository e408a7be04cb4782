/* Newton's steps: the product behind them exactly, their answers against 1/x and x^-1/2. */
#include <math.h>

#include "mpc/refine.h"
#include "support/walks.h"
#include "test.h"

enum { N = 4000, RING = 64 };

typedef struct {
    uint64_t x[N], y[N];
    refine_widths w;
    double of; /* 0: the reciprocal */
    unsigned x_frac, y_frac;
} input;

static status opened(mpc *p, walks *w, wire **x, wire **y)
{
    const input *in = w->ctx;
    *x = walks_input(p, w, in->x, N, in->w.argument, in->x_frac);
    *y = walks_input(p, w, in->y, N, in->w.seed, in->y_frac);
    const opening o[] = {{.x = *x, .width = in->w.argument, .grow = RING},
                         {.x = *y, .width = in->w.seed, .grow = RING}};
    return mpc_open(p, o, 2);
}

static status cubic(mpc *p, walks *w)
{
    wire *x, *y, *z;
    TRY(opened(p, w, &x, &y));
    TRY(mpc_product_square(p, &z, x, y, RING));
    walks_output(p, w, 0, z);
    wire_drop(p, x);
    wire_drop(p, y);
    return OK;
}

static void test_product_square(void **state)
{
    (void)state;
    static const refine_widths widths[] = {{2, 2}, {3, 5}, {20, 22}, {32, 17}};
    input *in = calloc(1, sizeof *in);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){1}, "test", NULL);
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        walks w = {.ctx = in};
        in->w = widths[k];
        for (size_t i = 0; i < N; i++) { /* all that a grown wire may be: |x| < 2^(width - 2) */
            const uint64_t half = UINT64_C(1) << (in->w.argument - 2);
            const uint64_t other = UINT64_C(1) << (in->w.seed - 2);
            in->x[i] = prg_below(g, 2 * half) - half;
            in->y[i] = prg_below(g, 2 * other) - other;
        }
        walks_run(&w, cubic);
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(walks_word(&w, 0, i), in->x[i] * in->y[i] * in->y[i]);
        }
        walks_clear(&w);
    }
    prg_free(g);
    free(in);
}

static status step(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x, *y, *z;
    TRY(opened(p, w, &x, &y));
    TRY(in->of > 0 ? mpc_refine_root(p, &z, x, y, in->of) : mpc_refine_reciprocal(p, &z, x, y));
    walks_output(p, w, 0, z);
    wire_drop(p, x);
    wire_drop(p, y);
    return OK;
}

/* x spread over a range by its logarithm, seeds off by up to `off` of themselves. */
static void check(double ratio, double of, double off, double bound)
{
    input *in = calloc(1, sizeof *in);
    walks w = {.ctx = in};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){2}, "test", NULL);
    in->w = mpc_refine_widths(ratio, of > 0);
    in->of = of;
    in->x_frac = in->w.argument - 2; /* x in [1/ratio, 1] */
    in->y_frac = REFINE_SEED_FRAC - (unsigned)(of > 0 ? floor(log2(of) / 2) : 0);
    const double scale = of > 0 ? of : 1;
    for (size_t i = 0; i < N; i++) {
        const double u = (double)(prg_word(g) >> 11) * 0x1p-53;
        const double v = (double)(prg_word(g) >> 11) * 0x1p-53;
        in->x[i] = (uint64_t)ldexp(pow(ratio, -u) * 0.999, (int)in->x_frac);
        const double x = ldexp((double)in->x[i], -(int)in->x_frac);
        const double y = (of > 0 ? sqrt(scale / x) : 1 / x) * (1 + off * (2 * v - 1));
        in->y[i] = (uint64_t)ldexp(y, (int)in->y_frac);
    }
    walks_run(&w, step);
    assert_int_equal(w.cost.rounds, of > 0 ? 2 : 1);
    const int frac = of > 0 ? (int)in->y_frac + 34 : (int)in->x_frac + 2 * (int)in->y_frac;
    double worst = 0;
    for (size_t i = 0; i < N; i++) {
        const double x = ldexp((double)in->x[i], -(int)in->x_frac);
        const double y = of > 0 ? sqrt(scale / x) : 1 / x;
        worst = fmax(worst, fabs(ldexp((double)walks_signed(&w, 0, i), -frac) / y - 1));
    }
    if (!(worst < bound)) {
        fail_msg("ratio %g, seeds off by %g: off by %g, must be below %g", ratio, off, worst,
                 bound);
    }
    walks_clear(&w);
    prg_free(g);
    free(in);
}

static void test_reciprocal(void **state)
{
    (void)state;
    check(512, 0, 7e-3, 1e-4); /* (7e-3 + 2^-9)² */
    check(2048, 0, 7e-3, 1e-4);
    check(8000, 0, 0.03, 1.1e-3);
}

static void test_root(void **state)
{
    (void)state;
    check(2048, 768, 6e-3, 1.2e-4);
    check(8000, 128, 0.02, 8e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_square),
        cmocka_unit_test(test_reciprocal),
        cmocka_unit_test(test_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
