#include "ckks/ring.h"

#include "base/mem.h"
#include "ckks/kernels.h"

/* One limb for each prime, without tables. */
static status limbs_init(ckks_ring *r, const uint64_t *primes, error *err)
{
    for (size_t i = 0; i < r->n_primes; i++) {
        ckks_limb *l = &r->limb[i];
        TRY(ckks_modulus_init(&l->m, primes[i], err));
        if ((primes[i] - 1) % (2 * r->n) != 0) {
            return error_set(err, ERR_USAGE, "prime %llu is not 1 mod %zu",
                             (unsigned long long)primes[i], 2 * r->n);
        }
        for (size_t j = 0; j < i; j++) {
            if (primes[j] == primes[i]) {
                return error_set(err, ERR_USAGE, "prime %llu occurs twice",
                                 (unsigned long long)primes[i]);
            }
        }
        l->log_n = r->log_n;
        l->root = ckks_primitive_root(&l->m, r->log_n);
    }
    return OK;
}

static status tables_init(ckks_ring *r, error *err)
{
    const size_t words = r->kernels->ntt->table_words(r->log_n);
    uint64_t *scratch = mem_new(r->n, sizeof *scratch);
    r->tables = mem_new(r->n_primes, words * sizeof *r->tables);
    if (!r->tables || !scratch) {
        mem_free(scratch);
        return error_memory(err);
    }
    for (size_t i = 0; i < r->n_primes; i++) {
        r->kernels->ntt->table_fill(&r->limb[i], r->tables + i * words, scratch);
    }
    mem_free(scratch);
    return OK;
}

status ckks_ring_new(ckks_ring **out, const ckks_kernels *kernels, unsigned log_n,
                     const uint64_t *primes, size_t n_primes, error *err)
{
    *out = NULL;
    if (log_n < CKKS_MIN_LOG_N || log_n > CKKS_MAX_LOG_N) {
        return error_set(err, ERR_USAGE, "ring of degree 2^%u: must be 2^%d to 2^%d", log_n,
                         CKKS_MIN_LOG_N, CKKS_MAX_LOG_N);
    }
    if (n_primes < 1 || n_primes > CKKS_MAX_PRIMES) {
        return error_set(err, ERR_USAGE, "%zu primes: must be 1 to %d", n_primes, CKKS_MAX_PRIMES);
    }
    ckks_ring *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    *r = (ckks_ring){.kernels = kernels, .log_n = log_n, .n = (size_t)1 << log_n};
    r->n_primes = n_primes;
    r->limb = mem_new(n_primes, sizeof *r->limb);
    status st = r->limb ? limbs_init(r, primes, err) : error_memory(err);
    if (st == OK) {
        st = tables_init(r, err);
    }
    if (st != OK) {
        ckks_ring_free(r);
        return st;
    }
    *out = r;
    return OK;
}

void ckks_ring_free(ckks_ring *r)
{
    if (r) {
        mem_free(r->tables);
        mem_free(r->limb);
        mem_free(r);
    }
}

ckks_basis ckks_basis_range(size_t first, size_t n)
{
    CHECK(first <= CKKS_MAX_PRIMES && n <= CKKS_MAX_PRIMES - first);
    ckks_basis b = {.n = n};
    for (size_t i = 0; i < n; i++) {
        b.prime[i] = (uint8_t)(first + i);
    }
    return b;
}

ckks_basis ckks_basis_join(const ckks_basis *a, const ckks_basis *b)
{
    CHECK(a->n + b->n <= CKKS_MAX_PRIMES);
    ckks_basis c = *a;
    for (size_t i = 0; i < b->n; i++) {
        c.prime[c.n++] = b->prime[i];
    }
    return c;
}

size_t ckks_basis_find(const ckks_basis *b, size_t prime)
{
    size_t j = 0;
    while (j < b->n && b->prime[j] != prime) {
        j++;
    }
    return j;
}
