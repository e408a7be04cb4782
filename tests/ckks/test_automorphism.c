#include "ckks/automorphism.h"

#include "base/mem.h"
#include "ckks/ntt.h"
#include "support/ckks_worlds.h"
#include "test.h"

/* z(X) = x(X^k) by the book. */
static void move(const ckks_ring *r, const ckks_basis *b, uint64_t *z, const uint64_t *x, size_t k)
{
    for (size_t i = 0; i < b->n * r->n; i++) {
        const uint64_t q = r->limb[i / r->n].m.q;
        const size_t e = i % r->n * k % (2 * r->n);
        z[i / r->n * r->n + e % r->n] = e < r->n ? x[i] : (q - x[i]) % q;
    }
}

static void check(const ckks_ring *r, pool *p, size_t k)
{
    const ckks_basis b = ckks_basis_range(0, r->n_primes);
    uint64_t *x = ckks_random_poly(r, &b, k), *want = ckks_empty_poly(r, &b);
    uint64_t *z = ckks_empty_poly(r, &b);
    uint32_t *table = mem_new(r->n, sizeof *table);
    move(r, &b, want, x, k);
    ckks_automorphism_coeff(r, p, &b, z, x, k);
    ckks_assert_same(r, "coefficients", z, want, b.n * r->n);
    ckks_automorphism_table(r, table, k);
    ckks_ntt_forward(r, p, &b, x);
    ckks_automorphism_ntt(r, p, &b, z, x, table);
    ckks_ntt_inverse(r, p, &b, z);
    ckks_assert_same(r, "values", z, want, b.n * r->n);
    mem_free(table);
    mem_free(x);
    mem_free(z);
    mem_free(want);
}

static void test_all_small(void **state)
{
    (void)state;
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned log_n = 3; log_n <= 7; log_n++) {
            ckks_ring *r = ckks_world(t, log_n, 2, 40);
            for (size_t k = 1; k < 2 * r->n; k += 2) {
                check(r, NULL, k);
            }
            ckks_ring_free(r);
        }
    }
}

static void test_large(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 3, NULL), OK);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned log_n = 12; log_n <= 16; log_n += 2) {
            ckks_ring *r = ckks_world(t, log_n, 2, 50);
            check(r, p, 5);
            check(r, NULL, 2 * r->n - 1);
            check(r, p, 5 * 5 * 5 * 5 * 5 % (2 * r->n));
            ckks_ring_free(r);
        }
    }
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
