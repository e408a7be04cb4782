/* The security table, the choice of parameters, contexts. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

static void test_the_table(void **state)
{
    static const unsigned table[] = {26, 53, 106, 214, 430, 868, 1747, 3523};
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(ckks_security_max_bits(10 + i), table[i]);
    }
    assert_int_equal(ckks_security_max_bits(9), 0);
    assert_int_equal(ckks_security_max_bits(18), 0);
}

static void test_products_are_exact(void **state)
{
    static const uint64_t q[] = {3, 5, 7, (UINT64_C(1) << 50) - 27};
    (void)state;
    assert_int_equal(ckks_product_bits(q, 0), 1);
    assert_int_equal(ckks_product_bits(q, 1), 2);
    assert_int_equal(ckks_product_bits(q, 2), 4);
    assert_int_equal(ckks_product_bits(q, 3), 7); /* 105; rounded lengths add up to 8 */
    assert_int_equal(ckks_product_bits(q, 4), 57);
}

/* 10,000 sets: accepted exactly where the sum of logarithms is at most the table's. */
static void test_what_is_secure(void **state)
{
    uint64_t random = 1;
    size_t accepted = 0;
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        uint64_t q[80];
        double bits = 0;
        const unsigned log_n = 10 + (unsigned)(i % 7);
        const unsigned most = ckks_security_max_bits(log_n);
        size_t n = 0;
        for (bool more = true; more && n < 80; n++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const unsigned size = 20 + (unsigned)(random >> 60) * 2;
            q[n] = (UINT64_C(1) << (size - 1)) + (random >> (64 - size + 1)) + 1;
            q[n] |= 1;
            bits += log2((double)q[n]);
            more = bits < most - 22 || (random >> 40 & 3) == 0;
        }
        const status st = ckks_security_check(log_n, q, n, "a key", NULL);
        if (fabs(bits - most) > 1e-6) {
            assert_int_equal(st, bits < most ? OK : ERR_POLICY);
        }
        accepted += st == OK;
    }
    assert_true(accepted > 1000 && accepted < 9000);
}

static void test_wishes(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth < 40; depth += 3) {
        for (unsigned bits = 25; bits <= 45; bits += 5) {
            ckks_params p;
            error err = {0};
            const ckks_wish w = {.depth = depth, .scale_bits = bits, .integer_bits = 4};
            if (ckks_params_choose(&p, &w, &err) != OK) {
                assert_error(err, ERR_USAGE, "no secure ring");
                assert_true(depth > 20);
                continue;
            }
            assert_int_equal(ckks_params_check(&p, &err), OK);
            assert_int_equal(p.n_limbs, depth + 1);
            const unsigned total =
                p.base_bits + depth * p.scale_bits + p.n_special * p.special_bits;
            assert_true(total <= ckks_security_max_bits(p.log_n));
            /* The ring below would not do, even with the most digits. */
            if (p.log_n > CKKS_SECURE_MIN_LOG_N) {
                const unsigned least = p.base_bits + depth * p.scale_bits + p.special_bits;
                assert_true(least + 2 > ckks_security_max_bits(p.log_n - 1) || p.n_special > 1 ||
                            depth > 0);
            }
        }
    }
}

static void test_wishes_refused(void **state)
{
    ckks_params p;
    error err;
    (void)state;
    assert_int_equal(ckks_params_choose(&p, &(ckks_wish){.depth = 64, .scale_bits = 30}, &err),
                     ERR_USAGE);
    assert_error(err, ERR_USAGE, "depth", "64");
    assert_int_equal(ckks_params_choose(&p, &(ckks_wish){.depth = 1, .scale_bits = 50}, &err),
                     ERR_USAGE);
    assert_error(err, ERR_USAGE, "scale bits");
    assert_int_equal(
        ckks_params_choose(&p, &(ckks_wish){.depth = 1, .scale_bits = 45, .integer_bits = 5}, &err),
        ERR_USAGE);
    assert_error(err, ERR_USAGE, "integer bits");
    assert_int_equal(
        ckks_params_choose(&p, &(ckks_wish){.depth = 1, .scale_bits = 40, .dnum = 3}, &err),
        ERR_USAGE);
    assert_error(err, ERR_USAGE, "digits");
}

static void test_contexts(void **state)
{
    ckks_context *x;
    error err;
    isa level;
    const ckks_kernels *k;
    (void)state;
    assert_int_equal(cpu_pick(&level, &err), OK);
    k = ckks_kernels_for(level);
    ckks_params p = {.log_n = 12,
                     .n_limbs = 2,
                     .base_bits = 36,
                     .scale_bits = 30,
                     .special_bits = 38,
                     .n_special = 1,
                     .alpha = 1};
    assert_int_equal(ckks_context_new(&x, &p, k, &err), OK);
    assert_int_equal(x->ring->n_primes, 3);
    for (size_t n = 1; n <= 2; n++) {
        assert_true(fabs(log2(x->level[n].scale) - 30) < 1e-3);
    }
    ckks_context_free(x);
    p.special_bits = 42; /* 109 bits of 106 */
    assert_int_equal(ckks_context_new(&x, &p, k, &err), ERR_POLICY);
    assert_error(err, ERR_POLICY, "109 bits", "at most 106");
    p.n_special = 33;
    assert_int_equal(ckks_context_new(&x, &p, k, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "special primes");
}

/* All scales of a long chain stay near what was wanted. */
static void test_scales(void **state)
{
    world w = {.state = 1};
    const ckks_params p = world_params(12, 40, 40, 8);
    isa level;
    (void)state;
    world_ok(&w, cpu_pick(&level, &w.err));
    world_ok(&w, ckks_context_new(&w.ctx, &p, ckks_kernels_for(level), &w.err));
    for (size_t n = 1; n <= 40; n++) {
        assert_true(fabs(log2(w.ctx->level[n].scale) - 40) < 1e-4);
    }
    ckks_context_free(w.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table),      cmocka_unit_test(test_products_are_exact),
        cmocka_unit_test(test_what_is_secure), cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_wishes_refused), cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
