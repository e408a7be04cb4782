#include "ckks/kernels.h"
#include "ckks/ntt.h"

/* Tables: ψ^reverse(i) for i < N, each with its ratio beside it, then the same of ψ^-1 with the
 * last butterfly's 1/N in places 0 (1/N itself) and 1. */
static size_t table_words(unsigned log_n)
{
    return (size_t)4 << log_n;
}

static void put(const ckks_modulus *m, uint64_t *pair, uint64_t w)
{
    pair[0] = w;
    pair[1] = ckks_mod_ratio(m, w);
}

static void fill_powers(const ckks_modulus *m, uint64_t *table, unsigned log_n, uint64_t root)
{
    const size_t n = (size_t)1 << log_n;
    uint64_t w = 1;
    for (size_t i = 0; i < n; i++) {
        put(m, table + 2 * ckks_reverse(log_n, i), w);
        w = ckks_mod_mul(m, w, root);
    }
}

static void table_fill(ckks_limb *l, uint64_t *words, uint64_t *scratch)
{
    (void)scratch;
    const ckks_modulus *m = &l->m;
    uint64_t *back = words + ((size_t)2 << l->log_n);
    fill_powers(m, words, l->log_n, l->root);
    fill_powers(m, back, l->log_n, ckks_mod_inverse(m, l->root));
    const uint64_t scale = ckks_mod_inverse(m, ckks_mod_word(m, UINT64_C(1) << l->log_n));
    put(m, back, scale);
    put(m, back + 2, ckks_mod_mul(m, back[2], scale));
    l->forward = words;
    l->inverse = back;
}

/* Between the order of a bit-reversed transform and that of ntt.h, either way. */
static void swap_halves(unsigned log_n, uint64_t *x)
{
    for (size_t i = 0; i < (size_t)1 << log_n; i++) {
        const size_t j = ckks_ntt_swap(log_n, i);
        if (i < j) {
            const uint64_t t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
}

/* (x, y) → (x + w y, x - w y); in and out below 4q: Eq. (5). */
static void turn(const ckks_modulus *m, uint64_t *x, uint64_t *y, const uint64_t *w)
{
    VERIFY(*x < 4 * m->q && *y < 4 * m->q);
    const uint64_t u = ckks_mod_once(*x, 2 * m->q), t = ckks_mod_mul_lazy(m, *y, w[0], w[1]);
    *x = u + t;
    *y = u + 2 * m->q - t;
}

static void forward(const ckks_limb *l, uint64_t *x)
{
    const ckks_modulus *m = &l->m;
    const size_t n = (size_t)1 << l->log_n;
    for (size_t blocks = 1, half = n / 2; half > 0; blocks *= 2, half /= 2) {
        for (size_t b = 0; b < blocks; b++) {
            uint64_t *at = x + 2 * b * half;
            for (size_t i = 0; i < half; i++) {
                turn(m, at + i, at + half + i, l->forward + 2 * (blocks + b));
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = ckks_mod_once(ckks_mod_once(x[i], 2 * m->q), m->q);
    }
    swap_halves(l->log_n, x);
}

/* (x, y) → (x + y, w (x - y)); in and out below 2q: Eq. (7). */
static void turn_back(const ckks_modulus *m, uint64_t *x, uint64_t *y, const uint64_t *w)
{
    VERIFY(*x < 2 * m->q && *y < 2 * m->q);
    const uint64_t sum = *x + *y, difference = *x + 2 * m->q - *y;
    *x = ckks_mod_once(sum, 2 * m->q);
    *y = ckks_mod_mul_lazy(m, difference, w[0], w[1]);
}

static void inverse(const ckks_limb *l, uint64_t *x)
{
    const ckks_modulus *m = &l->m;
    const size_t n = (size_t)1 << l->log_n;
    swap_halves(l->log_n, x);
    for (size_t blocks = n / 2, half = 1; half < n; blocks /= 2, half *= 2) {
        for (size_t b = 0; b < blocks; b++) {
            uint64_t *at = x + 2 * b * half;
            for (size_t i = 0; i < half; i++) {
                turn_back(m, at + i, at + half + i, l->inverse + 2 * (blocks + b));
            }
        }
    }
    for (size_t i = 0; i < n / 2; i++) { /* the other half has 1/N in its last factor */
        x[i] = ckks_mod_mul_by(m, x[i], l->inverse[0], l->inverse[1]);
        x[i + n / 2] = ckks_mod_once(x[i + n / 2], m->q);
    }
}

const ckks_ntt_kernels ckks_ntt_ref = {table_words, table_fill, forward, inverse};
