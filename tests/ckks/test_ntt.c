#include "ckks/ntt.h"

#include "base/mem.h"
#include "support/ckks_worlds.h"
#include "test.h"

/* Every table of this processor against values at powers of the root and products by the book. */

static void test_places_are_a_permutation(void **state)
{
    (void)state;
    for (unsigned log_n = 3; log_n <= 12; log_n++) {
        for (size_t i = 0; i < (size_t)1 << log_n; i++) {
            const size_t e = ckks_ntt_exponent(log_n, i);
            assert_true(e % 2 == 1 && e < (size_t)2 << log_n);
            assert_int_equal(ckks_ntt_place(log_n, e), i);
        }
    }
}

/* Value of x at ψ^e. */
static uint64_t value(const ckks_limb *l, const uint64_t *x, size_t e)
{
    const uint64_t at = ckks_mod_pow(&l->m, l->root, e);
    uint64_t y = 0;
    for (size_t i = (size_t)1 << l->log_n; i-- > 0;) {
        y = ckks_mod_add(&l->m, ckks_mod_mul(&l->m, y, at), x[i]);
    }
    return y;
}

static void check_values(const ckks_ring *r, uint64_t seed)
{
    const ckks_basis b = ckks_basis_range(0, r->n_primes);
    uint64_t *x = ckks_random_poly(r, &b, seed), *y = ckks_random_poly(r, &b, seed);
    const size_t step = r->n > 2048 ? r->n / 61 : 1; /* some places of a large transform */
    ckks_ntt_forward(r, NULL, &b, y);
    for (size_t j = 0; j < b.n; j++) {
        for (size_t i = 0; i < r->n; i += step) {
            const uint64_t want = value(&r->limb[j], x + j * r->n, ckks_ntt_exponent(r->log_n, i));
            if (y[j * r->n + i] != want) {
                fail_msg("%s, N = 2^%u, seed %llu: place %zu of limb %zu is %llu, not %llu",
                         r->kernels->name, r->log_n, (unsigned long long)seed, i, j,
                         (unsigned long long)y[j * r->n + i], (unsigned long long)want);
            }
        }
    }
    ckks_ntt_inverse(r, NULL, &b, y);
    ckks_assert_same(r, "there and back", y, x, b.n * r->n);
    mem_free(x);
    mem_free(y);
}

static void test_values(void **state)
{
    (void)state;
    static const unsigned bits[] = {50, 49, 40, 30};
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned log_n = 3; log_n <= 17; log_n++) {
            ckks_ring *r = ckks_world(t, log_n, 2, bits[log_n % 4]);
            check_values(r, 0);
            check_values(r, log_n);
            ckks_ring_free(r);
            if (log_n < 12) {
                r = ckks_world(t, log_n, 3, log_n + 3); /* the smallest primes that there are */
                check_values(r, 0);
                check_values(r, 5);
                ckks_ring_free(r);
            }
        }
    }
}

/* All polynomials with coefficients among 0, 1, 8 and 16 at N = 8 mod 17, and their products with a
 * few others. */
static void test_small_world(void **state)
{
    (void)state;
    static const uint64_t digit[] = {0, 1, 8, 16};
    const ckks_basis b = ckks_basis_range(0, 1);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        const uint64_t q = 17;
        ckks_ring *r;
        assert_int_equal(ckks_ring_new(&r, ckks_kernels_nth(t), 3, &q, 1, NULL), OK);
        for (uint64_t code = 0; code < 1 << 16; code++) {
            uint64_t x[8], v[8], w[8], y[8], want[8];
            for (size_t i = 0; i < 8; i++) {
                v[i] = x[i] = digit[code >> 2 * i & 3];
                w[i] = y[i] = (code * 2654435761u >> 2 * i) % 17;
            }
            ckks_ntt_forward(r, NULL, &b, v);
            ckks_ntt_forward(r, NULL, &b, w);
            ckks_poly_mul(r, NULL, &b, v, v, w);
            ckks_ntt_inverse(r, NULL, &b, v);
            ckks_schoolbook(want, x, y, 8, 17);
            ckks_assert_same(r, "product mod 17", v, want, 8);
        }
        ckks_ring_free(r);
    }
}

static void check_product(const ckks_ring *r, pool *p, uint64_t seed)
{
    const ckks_basis b = ckks_basis_range(0, r->n_primes);
    uint64_t *x = ckks_random_poly(r, &b, seed), *y = ckks_random_poly(r, &b, seed ? seed + 1 : 0);
    uint64_t *want = ckks_empty_poly(r, &b);
    for (size_t j = 0; j < b.n; j++) {
        ckks_schoolbook(want + j * r->n, x + j * r->n, y + j * r->n, r->n, r->limb[j].m.q);
    }
    ckks_ntt_forward(r, p, &b, x);
    ckks_ntt_forward(r, p, &b, y);
    ckks_poly_mul(r, p, &b, x, x, y);
    ckks_ntt_inverse(r, p, &b, x);
    ckks_assert_same(r, "product", x, want, b.n * r->n);
    mem_free(x);
    mem_free(y);
    mem_free(want);
}

static void test_products(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 3, NULL), OK);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned log_n = 3; log_n <= 10; log_n++) {
            ckks_ring *r = ckks_world(t, log_n, 3, log_n % 2 ? 50 : 45);
            check_product(r, NULL, 0);
            check_product(r, p, 11 + log_n);
            ckks_ring_free(r);
        }
    }
    pool_free(p);
}

/* Large transforms, any number of threads: the same words by all tables. */
static void test_tables_agree(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    for (unsigned log_n = 11; log_n <= 17; log_n++) {
        ckks_ring *ref = ckks_world(0, log_n, 3, 50);
        const ckks_basis b = ckks_basis_range(0, 3);
        uint64_t *want = ckks_random_poly(ref, &b, log_n);
        ckks_ntt_forward(ref, NULL, &b, want);
        for (size_t t = 0; ckks_kernels_nth(t); t++) {
            ckks_ring *r = ckks_world(t, log_n, 3, 50);
            uint64_t *x = ckks_random_poly(r, &b, log_n), *y = ckks_random_poly(r, &b, log_n);
            ckks_ntt_forward(r, p, &b, x);
            ckks_assert_same(r, "forward", x, want, b.n * r->n);
            ckks_ntt_inverse(r, p, &b, x);
            ckks_assert_same(r, "inverse", x, y, b.n * r->n);
            mem_free(x);
            mem_free(y);
            ckks_ring_free(r);
        }
        mem_free(want);
        ckks_ring_free(ref);
    }
    pool_free(p);
}

static void test_ring_refuses(void **state)
{
    (void)state;
    ckks_ring *r;
    error err;
    const ckks_kernels *k = ckks_kernels_nth(0);
    const uint64_t good = 97, twice[] = {97, 97}, odd[] = {97, 101};
    assert_int_equal(ckks_ring_new(&r, k, 2, &good, 1, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "degree");
    assert_int_equal(ckks_ring_new(&r, k, 18, &good, 1, &err), ERR_USAGE);
    assert_int_equal(ckks_ring_new(&r, k, 3, &good, 0, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "primes");
    assert_int_equal(ckks_ring_new(&r, k, 3, twice, 2, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "97", "twice");
    assert_int_equal(ckks_ring_new(&r, k, 3, odd, 2, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "101", "1 mod 16");
    assert_null(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_are_a_permutation),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_small_world),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_tables_agree),
        cmocka_unit_test(test_ring_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
