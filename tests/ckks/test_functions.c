/* Inverses, exp and sign: the error that is promised, in the clear and on ciphertexts. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

static double exact(ckks_function_kind kind, double x)
{
    switch (kind) {
    case CKKS_INVERSE:
        return 1 / x;
    case CKKS_INVERSE_ROOT:
        return 1 / sqrt(x);
    case CKKS_EXP:
        return exp(x);
    default:
        return x < 0 ? -1 : 1;
    }
}

/* Slots all over the domain; the promise, and what the ciphertext's noise may add. */
static void check(world *w, ckks_function_kind kind, double low, double high, size_t depth,
                  double wanted)
{
    ckks_function f;
    const unsigned log_slots = w->ctx->params.log_n - 1;
    const size_t n = (size_t)1 << log_slots, limbs = w->ctx->params.n_limbs;
    world_ok(w, ckks_function_new(&f, kind, low, high, depth, &w->err));
    assert_true(f.depth <= depth);
    if (!(f.error < wanted)) {
        fail_msg("kind %d, depth %zu: error %g, wanted %g", kind, depth, f.error, wanted);
    }
    double complex *x = mem_new(n, sizeof *x), *y = mem_new(n, sizeof *y);
    double size = 0;
    for (size_t i = 0; i < n; i++) {
        const double at = low + (high - low) * (double)i / (double)(n - 1);
        x[i] = kind == CKKS_SIGN && i % 2 ? -at : at;
        y[i] = ckks_function_at(&f, creal(x[i]));
        size = fmax(size, cabs(y[i]));
        const double right = exact(kind, creal(x[i]));
        assert_true(fabs(creal(y[i]) - right) <= (1.05 * f.error + 1e-13) * fabs(right));
    }
    ckks_cipher c, z = world_room(w, limbs);
    world_encrypt(w, &c, x, log_slots, limbs);
    world_ok(w, ckks_function_apply(&w->c, &z, &c, &f, &w->keys));
    assert_int_equal(z.n_limbs, limbs - f.depth);
    const double off = world_error(w, &z, y, log_slots);
    if (!(off < 0x1p-16 * size)) {
        fail_msg("kind %d, depth %zu: off by 2^%.1f", kind, depth, log2(off));
    }
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    ckks_function_clear(&f);
    mem_free(x);
    mem_free(y);
}

static void test_functions(void **state)
{
    world w;
    ckks_params p = world_params(6, 14, 40, 5);
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    check(&w, CKKS_INVERSE, 0.5, 2, 7, 1e-9);
    check(&w, CKKS_INVERSE, 0.05, 1, 9, 1e-6);
    check(&w, CKKS_INVERSE_ROOT, 0.25, 4, 8, 1e-7);
    check(&w, CKKS_INVERSE_ROOT, 0.1, 10, 11, 1e-6);
    check(&w, CKKS_EXP, -4, 1, 6, 1e-9);
    check(&w, CKKS_EXP, -8, 4, 8, 1e-8);
    check(&w, CKKS_SIGN, 0.1, 1, 8, 1e-3);
    check(&w, CKKS_SIGN, 0.05, 1, 12, 1e-6);
    check(&w, CKKS_INVERSE, 1, 4, 3, 0.03);
    world_end(&w);
}

static void test_what_has_no_meaning(void **state)
{
    ckks_function f;
    error err;
    (void)state;
    assert_int_equal(ckks_function_new(&f, CKKS_INVERSE, 0, 1, 8, &err), ERR_USAGE);
    assert_int_equal(ckks_function_new(&f, CKKS_INVERSE_ROOT, -1, 1, 8, &err), ERR_USAGE);
    assert_int_equal(ckks_function_new(&f, CKKS_SIGN, 1, 1, 8, &err), ERR_USAGE);
    assert_int_equal(ckks_function_new(&f, CKKS_EXP, 0, 800, 8, &err), ERR_USAGE);
    assert_int_equal(ckks_function_new(&f, CKKS_EXP, 0, NAN, 8, &err), ERR_USAGE);
    assert_int_equal(ckks_function_new(&f, CKKS_EXP, 0, 1, 2, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "depth 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_what_has_no_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
