#include "ckks/convert.h"

#include "base/mem.h"
#include "ckks/kernels.h"
#include "ckks/parts.h"

/* The product of all primes of `from` but number `but` (none: from->n), mod m. */
static uint64_t product(const ckks_convert *c, const ckks_modulus *m, size_t but)
{
    uint64_t y = ckks_mod_word(m, 1);
    for (size_t s = 0; s < c->from.n; s++) {
        if (s != but) {
            const uint64_t q = ckks_basis_modulus(c->ring, &c->from, s)->q;
            y = ckks_mod_mul(m, y, ckks_mod_word(m, q));
        }
    }
    return y;
}

static void fill(ckks_convert *c)
{
    for (size_t s = 0; s < c->from.n; s++) {
        const ckks_modulus *m = ckks_basis_modulus(c->ring, &c->from, s);
        c->hat_inverse[s] = ckks_mod_inverse(m, product(c, m, s));
        c->hat_ratio[s] = ckks_mod_ratio(m, c->hat_inverse[s]);
        const unsigned __int128 one = 1;
        c->share[s] = (uint64_t)((one << (CKKS_WORD_BITS - 1 + m->bits)) / m->q);
    }
    uint64_t *hat = c->hat;
    for (size_t t = 0; t < c->to.n; t++) {
        const ckks_modulus *m = ckks_basis_modulus(c->ring, &c->to, t);
        for (size_t s = 0; s < c->from.n; s++) {
            *hat++ = product(c, m, s);
        }
        *hat++ = ckks_mod_neg(m, product(c, m, c->from.n));
    }
}

status ckks_convert_new(ckks_convert **out, const ckks_ring *r, const ckks_basis *from,
                        const ckks_basis *to, error *err)
{
    *out = NULL;
    if (from->n < 1 || from->n > CKKS_MAX_SOURCES) {
        return error_set(err, ERR_USAGE, "conversion from %zu primes: must be 1 to %d", from->n,
                         CKKS_MAX_SOURCES);
    }
    ckks_convert *c = mem_new(1, sizeof *c);
    if (!c) {
        return error_memory(err);
    }
    *c = (ckks_convert){.ring = r, .from = *from, .to = *to};
    c->hat_inverse = mem_new(3 * from->n, sizeof *c->hat);
    c->hat = mem_new((from->n + 1) * to->n, sizeof *c->hat);
    if (!c->hat_inverse || !c->hat) {
        ckks_convert_free(c);
        return error_memory(err);
    }
    c->hat_ratio = c->hat_inverse + from->n;
    c->share = c->hat_ratio + from->n;
    fill(c);
    *out = c;
    return OK;
}

void ckks_convert_free(ckks_convert *c)
{
    if (c) {
        mem_free(c->hat_inverse);
        mem_free(c->hat);
        mem_free(c);
    }
}

typedef struct {
    const ckks_convert *c;
    ckks_rounding rounding;
    uint64_t *z;
    const uint64_t *x;
    size_t block;
} job;

static void convert_blocks(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    const ckks_kernels *k = j->c->ring->kernels;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        k->sums->convert(j->c, j->rounding, j->z, j->x, i * j->block, j->block);
    }
}

void ckks_convert_run(const ckks_convert *c, pool *p, ckks_rounding rounding, uint64_t *z,
                      const uint64_t *x)
{
    const size_t n = c->ring->n, block = n < CKKS_CONVERT_BLOCK ? n : CKKS_CONVERT_BLOCK;
    VERIFY(ckks_poly_is_canonical(c->ring, &c->from, x));
    job j = {.c = c, .rounding = rounding, .z = z, .x = x, .block = block};
    ckks_split(p, n / block, convert_blocks, &j);
    VERIFY(ckks_poly_is_canonical(c->ring, &c->to, z));
}
