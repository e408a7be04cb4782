#include "base/mem.h"
#include "ckks/convert.h"
#include "ckks/ntt.h"
#include "support/ckks_worlds.h"
#include "test.h"

/* What tools/make_ckks_ring_vectors.py has computed, by every table. */

static uint64_t *read_numbers(FILE *f, size_t n)
{
    uint64_t *x = mem_new(n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        unsigned long long number;
        assert_int_equal(fscanf(f, "%llu", &number), 1);
        x[i] = number;
    }
    return x;
}

static void check_ntt(FILE *f, unsigned log_n, uint64_t q, uint64_t root)
{
    const size_t n = (size_t)1 << log_n;
    uint64_t *x = read_numbers(f, n), *values = read_numbers(f, n), *z = mem_new(n, sizeof *z);
    const ckks_basis b = ckks_basis_range(0, 1);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        ckks_ring *r;
        assert_int_equal(ckks_ring_new(&r, ckks_kernels_nth(t), log_n, &q, 1, NULL), OK);
        assert_int_equal(r->limb[0].root, root);
        memcpy(z, x, n * sizeof *z);
        ckks_ntt_forward(r, NULL, &b, z);
        ckks_assert_same(r, "values", z, values, n);
        ckks_ntt_inverse(r, NULL, &b, z);
        ckks_assert_same(r, "coefficients", z, x, n);
        ckks_ring_free(r);
    }
    mem_free(x);
    mem_free(values);
    mem_free(z);
}

static void check_convert(FILE *f, unsigned log_n, size_t n_from, size_t n_to)
{
    const size_t n = (size_t)1 << log_n;
    const ckks_basis from = ckks_basis_range(0, n_from), to = ckks_basis_range(n_from, n_to);
    uint64_t *primes = read_numbers(f, n_from + n_to), *x = read_numbers(f, n_from * n);
    uint64_t *want[2] = {read_numbers(f, n_to * n), read_numbers(f, n_to * n)};
    uint64_t *z = mem_new(n_to * n, sizeof *z);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        ckks_ring *r;
        ckks_convert *c;
        assert_int_equal(ckks_ring_new(&r, ckks_kernels_nth(t), log_n, primes, n_from + n_to, NULL),
                         OK);
        assert_int_equal(ckks_convert_new(&c, r, &from, &to, NULL), OK);
        ckks_convert_run(c, NULL, CKKS_APPROXIMATE, z, x);
        ckks_assert_same(r, "approximate", z, want[0], n_to * n);
        ckks_convert_run(c, NULL, CKKS_CENTRED, z, x);
        ckks_assert_same(r, "centred", z, want[1], n_to * n);
        ckks_convert_free(c);
        ckks_ring_free(r);
    }
    mem_free(primes);
    mem_free(x);
    mem_free(want[0]);
    mem_free(want[1]);
    mem_free(z);
}

static void test_vectors(void **state)
{
    (void)state;
    FILE *f = fopen("tests/vectors/ckks/ring.txt", "r");
    assert_non_null(f);
    char kind[16];
    unsigned log_n;
    unsigned long long a, b;
    size_t records = 0;
    while (fscanf(f, "%15s %u %llu %llu", kind, &log_n, &a, &b) == 4) {
        if (strcmp(kind, "ntt") == 0) {
            check_ntt(f, log_n, a, b);
        } else {
            assert_string_equal(kind, "convert");
            check_convert(f, log_n, a, b);
        }
        records++;
    }
    assert_int_equal(records, 9);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
