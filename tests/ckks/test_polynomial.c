/* Chebyshev series: the fit, the depth, and evaluation against the clear. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

static double smooth(double x, const void *arg)
{
    (void)arg;
    return 1 / (1 + x * x);
}

static void check(world *w, size_t degree, double low, double high)
{
    ckks_series s;
    double off;
    const unsigned log_slots = w->ctx->params.log_n - 1;
    const size_t n = (size_t)1 << log_slots, limbs = w->ctx->params.n_limbs;
    world_ok(w, ckks_series_fit(&s, smooth, NULL, low, high, degree, &off, &w->err));
    double complex *x = world_slots(w, log_slots, 1, true), *y = mem_new(n, sizeof *y);
    for (size_t i = 0; i < n; i++) {
        x[i] = (high - low) / 2 * creal(x[i]) + (high + low) / 2;
        y[i] = ckks_series_at(&s, creal(x[i]));
        assert_true(cabs(y[i] - smooth(creal(x[i]), NULL)) <= 1.01 * off + 1e-12);
    }
    ckks_cipher c, z = world_room(w, limbs);
    world_encrypt(w, &c, x, log_slots, limbs);
    world_ok(w, ckks_series_apply(&w->c, &z, &c, &s, &w->keys));
    assert_int_equal(z.n_limbs, limbs - ckks_series_depth(&s));
    const double found = world_error(w, &z, y, log_slots);
    if (!(found < ldexp(1, -18))) {
        fail_msg("degree %zu on [%g, %g]: off by 2^%.1f", degree, low, high, log2(found));
    }
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    ckks_series_clear(&s);
    mem_free(x);
    mem_free(y);
}

static void test_every_degree(void **state)
{
    world w;
    const ckks_params p = world_params(5, 9, 42, 3);
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    for (size_t d = 1; d <= 40; d++) {
        check(&w, d, -1, 1);
    }
    check(&w, 63, -1, 1);
    check(&w, 64, -1, 1);
    check(&w, 127, -1, 1);
    check(&w, 255, -1, 1);
    check(&w, 7, -8, 8);
    check(&w, 59, -3, 5);
    check(&w, 127, -16, 2);
    world_end(&w);
}

static void test_what_has_no_meaning(void **state)
{
    ckks_series s;
    error err;
    (void)state;
    assert_int_equal(ckks_series_fit(&s, smooth, NULL, 1, 1, 3, NULL, &err), ERR_USAGE);
    assert_int_equal(ckks_series_fit(&s, smooth, NULL, 0, 1, 0, NULL, &err), ERR_USAGE);
    assert_int_equal(ckks_series_fit(&s, smooth, NULL, 0, 1, CKKS_MAX_DEGREE + 1, NULL, &err),
                     ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_degree),
        cmocka_unit_test(test_what_has_no_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
