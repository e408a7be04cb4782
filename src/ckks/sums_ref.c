#include "ckks/kernels.h"

/* Products are below 2^100: 2^27 of them fit, and there are never as many (ckks_poly_dot). */
static void dot(const ckks_modulus *m, const ckks_dot *d, size_t x_at, size_t y_at, size_t n)
{
    for (size_t o = 0; o < d->n_outputs; o++) {
        for (size_t i = 0; i < n; i++) {
            unsigned __int128 sum = 0;
            for (size_t t = 0; t < d->n_terms; t++) {
                sum += (unsigned __int128)d->x[t][x_at + i] * d->y[o][t][y_at + i];
            }
            d->z[o][x_at + i] = ckks_mod_wide(m, sum);
        }
    }
}

void ckks_convert_split(const ckks_convert *c, ckks_rounding rounding, uint64_t *v,
                        const uint64_t *x)
{
    uint64_t turns = UINT64_C(1) << 48; /* a half */
    for (size_t s = 0; s < c->from.n; s++) {
        const ckks_modulus *m = ckks_basis_modulus(c->ring, &c->from, s);
        v[s] = ckks_mod_mul_by(m, x[s * c->ring->n], c->hat_inverse[s], c->hat_ratio[s]);
        const uint64_t scaled = v[s] << (CKKS_PRIME_BITS - m->bits);
        turns += (uint64_t)(((unsigned __int128)scaled * c->share[s]) >> CKKS_WORD_BITS);
    }
    v[c->from.n] = rounding == CKKS_CENTRED ? turns >> 49 : 0;
}

static void convert(const ckks_convert *c, ckks_rounding rounding, uint64_t *z, const uint64_t *x,
                    size_t at, size_t n)
{
    uint64_t v[CKKS_MAX_SOURCES + 1];
    for (size_t i = at; i < at + n; i++) {
        ckks_convert_split(c, rounding, v, x + i);
        const uint64_t *hat = c->hat;
        for (size_t t = 0; t < c->to.n; t++, hat += c->from.n + 1) {
            unsigned __int128 sum = 0;
            for (size_t s = 0; s <= c->from.n; s++) {
                sum += (unsigned __int128)v[s] * hat[s];
            }
            z[t * c->ring->n + i] = ckks_mod_wide(ckks_basis_modulus(c->ring, &c->to, t), sum);
        }
    }
}

const ckks_sum_kernels ckks_sums_ref = {.dot = dot, .convert = convert};
