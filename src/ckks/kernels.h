/** The loops of ring arithmetic: one table per instruction set.
 *
 * `ref` is complete, plain C and always built; the others replace what they do faster. Kernels work
 * on one limb or a part of it, on one thread, cannot fail and keep no state. Residues that go in
 * and out are canonical, so that all tables give the same words whatever they do in between. `n` is
 * a multiple of 8.
 */
#ifndef TACIT_CKKS_KERNELS_H
#define TACIT_CKKS_KERNELS_H

#include "ckks/convert.h"
#include "ckks/poly.h"
#include "ckks/ring.h"

/* Coefficients that a conversion takes at once: their v_s stay in the first cache. */
enum { CKKS_CONVERT_BLOCK = 128 };

/** Transforms (ntt.h) of one limb, whose tables they lay out as they like. */
typedef struct {
    size_t (*table_words)(unsigned log_n);
    /* l->root, l->m and l->log_n are set; sets forward and inverse within words, which are zero.
     * scratch holds N words. */
    void (*table_fill)(ckks_limb *l, uint64_t *words, uint64_t *scratch);
    void (*forward)(const ckks_limb *l, uint64_t *x);
    void (*inverse)(const ckks_limb *l, uint64_t *x);
} ckks_ntt_kernels;

/** What poly.h and automorphism.h say, for n elements of one limb. */
typedef struct {
    void (*add)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n);
    void (*sub)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n);
    void (*neg)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, size_t n);
    void (*mul)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n);
    void (*mul_add)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                    size_t n);
    void (*add_scalar)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n);
    void (*mul_scalar)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n);
    void (*mul_scalar_add)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c,
                           size_t n);
    void (*sub_scale)(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                      uint64_t c, size_t n);
    void (*from_words)(const ckks_modulus *m, uint64_t *z, const int64_t *x, size_t n);
    /* z[i] = x[table[i]] */
    void (*permute)(uint64_t *z, const uint64_t *x, const uint32_t *table, size_t n);
} ckks_element_kernels;

/** Sums of many products with one reduction. */
typedef struct {
    /* Elements [0, n) of d's outputs for one limb: x[t], y[o][t] and z[o] count from x_at or y_at,
     * which is where the limb's part begins in the polynomial; z[o] as x[t]. */
    void (*dot)(const ckks_modulus *m, const ckks_dot *d, size_t x_at, size_t y_at, size_t n);
    /* Coefficients [at, at + n) of all limbs, n <= CKKS_CONVERT_BLOCK. */
    void (*convert)(const ckks_convert *c, ckks_rounding rounding, uint64_t *z, const uint64_t *x,
                    size_t at, size_t n);
} ckks_sum_kernels;

struct ckks_kernels {
    const char *name;
    const ckks_ntt_kernels *ntt;
    const ckks_element_kernels *elements;
    const ckks_sum_kernels *sums;
};

/** The i-th table that this processor has, from `ref` up; NULL behind the last. */
const ckks_kernels *ckks_kernels_nth(size_t i);

extern const ckks_ntt_kernels ckks_ntt_ref, ckks_ntt_avx2, ckks_ntt_avx512, ckks_ntt_ifma;
extern const ckks_element_kernels ckks_elements_ref, ckks_elements_avx2, ckks_elements_avx512,
    ckks_elements_ifma;
extern const ckks_sum_kernels ckks_sums_ref, ckks_sums_avx2, ckks_sums_avx512, ckks_sums_ifma;

/* For tables that do not do it better. */
void ckks_from_words_ref(const ckks_modulus *m, uint64_t *z, const int64_t *x, size_t n);
/* convert.h's v_s of the coefficient at x, and behind them u, or 0: Eq. (10), (11). */
void ckks_convert_split(const ckks_convert *c, ckks_rounding rounding, uint64_t *v,
                        const uint64_t *x);
void ckks_permute_ref(uint64_t *z, const uint64_t *x, const uint32_t *table, size_t n);
void ckks_permute_avx512(uint64_t *z, const uint64_t *x, const uint32_t *table, size_t n);

#endif
