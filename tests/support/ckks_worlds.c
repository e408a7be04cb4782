#include "support/ckks_worlds.h"

#include "base/mem.h"
#include "test.h"

ckks_ring *ckks_world(size_t table, unsigned log_n, size_t n_primes, unsigned bits)
{
    const ckks_kernels *k = ckks_kernels_nth(table);
    uint64_t primes[CKKS_MAX_PRIMES];
    ckks_ring *r = NULL;
    error err;
    if (k) {
        assert_int_equal(
            ckks_primes_find(primes, n_primes, log_n, (UINT64_C(1) << bits) - 1, NULL, 0, &err),
            OK);
        assert_int_equal(ckks_ring_new(&r, k, log_n, primes, n_primes, &err), OK);
    }
    return r;
}

uint64_t ckks_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t *ckks_empty_poly(const ckks_ring *r, const ckks_basis *b)
{
    uint64_t *x = mem_new(b->n * r->n, sizeof *x);
    assert_non_null(x);
    return x;
}

uint64_t *ckks_random_poly(const ckks_ring *r, const ckks_basis *b, uint64_t seed)
{
    uint64_t *x = ckks_empty_poly(r, b);
    for (size_t j = 0; j < b->n; j++) {
        const uint64_t q = ckks_basis_modulus(r, b, j)->q;
        for (size_t i = 0; i < r->n; i++) {
            x[j * r->n + i] = seed ? ckks_random(&seed) % q : q - 1;
        }
    }
    return x;
}

void ckks_schoolbook(uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n, uint64_t q)
{
    for (size_t k = 0; k < n; k++) {
        unsigned __int128 plus = 0, minus = 0;
        for (size_t i = 0; i <= k; i++) {
            plus += (unsigned __int128)x[i] * y[k - i];
        }
        for (size_t i = k + 1; i < n; i++) {
            minus += (unsigned __int128)x[i] * y[n + k - i];
        }
        z[k] = (uint64_t)((plus % q + q - minus % q) % q);
    }
}

void ckks_assert_same(const ckks_ring *r, const char *what, const uint64_t *a, const uint64_t *b,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            fail_msg("%s: %s, N = 2^%u: word %zu is %llu, not %llu", r->kernels->name, what,
                     r->log_n, i, (unsigned long long)a[i], (unsigned long long)b[i]);
        }
    }
}
