/** Sums of products on reals: products are reduced one by one, sums every few. */
#ifndef TACIT_CKKS_SUMS_FMA_H
#define TACIT_CKKS_SUMS_FMA_H

#include <string.h>

/* MemorySanitizer does not see what one instruction stores to several places: there, they begin as
 * zeros. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define SCATTERED_UNSEEN
#endif
#endif

/* What is below 3q/4 as often, with q/2 from before, stays below 2^52. */
enum { TERMS = 4 };

ALWAYS_INLINE reals dot_step(const ckks_dot *d, size_t o, size_t x_at, size_t y_at,
                             const real_field *k)
{
    reals sum = reals_all(0);
    for (size_t t = 0; t < d->n_terms; t++) {
        const reals x = reals_of_words(words_load(d->x[t] + x_at));
        const reals y = reals_of_words(words_load(d->y[o][t] + y_at));
        sum = reals_add(sum, real_pair_product(x, y, k));
        sum = (t + 1) % TERMS == 0 ? real_reduce(sum, k) : sum;
    }
    return real_reduce(sum, k);
}

static void dot(const ckks_modulus *m, const ckks_dot *d, size_t x_at, size_t y_at, size_t n)
{
    const real_field k = real_field_of(m);
    for (size_t o = 0; o < d->n_outputs; o++) {
        for (size_t i = 0; i < n; i += 8) {
            const reals sum = dot_step(d, o, x_at + i, y_at + i, &k);
            words_store(d->z[o] + x_at + i, real_residue(sum, &k));
        }
    }
}

/* v_s of a block as reals, in rows of CKKS_CONVERT_BLOCK, and u behind them. */
static void split(const ckks_convert *c, ckks_rounding rounding, uint64_t *rows, const uint64_t *x,
                  size_t n)
{
    uint64_t v[CKKS_MAX_SOURCES + 1];
#ifdef SCATTERED_UNSEEN
    memset(rows, 0, (c->from.n + 1) * CKKS_CONVERT_BLOCK * sizeof *rows);
#endif
    for (size_t i = 0; i < n; i++) {
        ckks_convert_split(c, rounding, v, x + i);
        for (size_t s = 0; s <= c->from.n; s++) {
            const double real = (double)v[s];
            __builtin_memcpy(rows + s * CKKS_CONVERT_BLOCK + i, &real, sizeof real);
        }
    }
}

static void convert(const ckks_convert *c, ckks_rounding rounding, uint64_t *z, const uint64_t *x,
                    size_t at, size_t n)
{
    uint64_t v[(CKKS_MAX_SOURCES + 1) * CKKS_CONVERT_BLOCK] __attribute__((aligned(64)));
    split(c, rounding, v, x + at, n);
    const uint64_t *hat = c->hat;
    for (size_t t = 0; t < c->to.n; t++, hat += c->from.n + 1) {
        const real_field k = real_field_of(ckks_basis_modulus(c->ring, &c->to, t));
        for (size_t i = 0; i < n; i += 8) {
            reals sum = reals_all(0);
            for (size_t s = 0; s <= c->from.n; s++) {
                const reals y = reals_load(v + s * CKKS_CONVERT_BLOCK + i);
                sum = reals_add(sum, real_pair_product(y, reals_all((double)hat[s]), &k));
                sum = (s + 1) % TERMS == 0 ? real_reduce(sum, &k) : sum;
            }
            words_store(z + t * c->ring->n + at + i, real_residue(real_reduce(sum, &k), &k));
        }
    }
}

#endif
