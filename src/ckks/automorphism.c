#include "ckks/automorphism.h"

#include "ckks/kernels.h"
#include "ckks/ntt.h"
#include "ckks/parts.h"

typedef struct {
    const ckks_ring *r;
    const ckks_basis *b;
    uint64_t *z;
    const uint64_t *x;
    size_t k;
    const uint32_t *table;
} job;

static void move_coefficients(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    const size_t n = j->r->n;
    (void)worker;
    for (size_t l = begin; l < end; l++) {
        const ckks_modulus *m = ckks_basis_modulus(j->r, j->b, l);
        uint64_t *z = j->z + l * n;
        const uint64_t *x = j->x + l * n;
        size_t to = 0; /* i k mod 2N */
        for (size_t i = 0; i < n; i++, to = (to + j->k) & (2 * n - 1)) {
            z[to & (n - 1)] = to < n ? x[i] : ckks_mod_neg(m, x[i]);
        }
    }
}

void ckks_automorphism_coeff(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                             const uint64_t *x, size_t k)
{
    CHECK(k % 2 == 1 && k < 2 * r->n);
    job j = {.r = r, .b = b, .z = z, .x = x, .k = k};
    ckks_split(p, b->n, move_coefficients, &j);
}

void ckks_automorphism_table(const ckks_ring *r, uint32_t *table, size_t k)
{
    CHECK(k % 2 == 1 && k < 2 * r->n);
    for (size_t i = 0; i < r->n; i++) {
        const size_t e = ckks_ntt_exponent(r->log_n, i) * k & (2 * r->n - 1);
        table[i] = (uint32_t)ckks_ntt_place(r->log_n, e);
    }
}

static void move_values(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const ckks_part part = ckks_part_nth(j->r, i);
        j->r->kernels->elements->permute(j->z + part.at, j->x + part.limb * j->r->n,
                                         j->table + part.from, part.n);
    }
}

void ckks_automorphism_ntt(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                           const uint64_t *x, const uint32_t *table)
{
    job j = {.r = r, .b = b, .z = z, .x = x, .table = table};
    ckks_split(p, b->n * ckks_parts_of_limb(r), move_values, &j);
}
