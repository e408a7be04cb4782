/** Butterflies on reals: what ntt_passes.h wants. Values stay within 2q: docs/design/ckks-ring.md
 * Eq. (15). */
#ifndef TACIT_CKKS_NTT_FMA_H
#define TACIT_CKKS_NTT_FMA_H

typedef reals vec;

typedef struct {
    real_field f;
    bool reduce_all; /* never: every other layer is enough */
} field;

typedef struct {
    vec w, ratio;
} vec_factor;

static field field_of(const ckks_modulus *m, const uint64_t *lanes)
{
    (void)lanes;
    return (field){real_field_of(m), false};
}

/* w and w / q, as the bits of reals. */
static void factor_store(const ckks_modulus *m, uint64_t *out, size_t second, uint64_t w)
{
    const double x = (double)w, ratio = x / (double)m->q;
    __builtin_memcpy(out, &x, sizeof x);
    __builtin_memcpy(out + second, &ratio, sizeof ratio);
}

enum { NEGATED = 0, LAST_WORDS = 7 * 16, LANE_WORDS = 0 };

static void fill_lanes(const ckks_modulus *m, uint64_t *out, const uint64_t *w)
{
    (void)m, (void)out, (void)w;
}

/* Whole vectors, each with that of its ratios. */
static void fill_last(const ckks_modulus *m, uint64_t *out, const uint64_t *w, size_t at)
{
    for (size_t width = 1; width < 8; width *= 2) {
        for (size_t i = 0; i < width; i++, out += 16) {
            for (size_t lane = 0; lane < 8; lane++) {
                factor_store(m, out + lane, 8, w[(8 * at + lane) * width + i]);
            }
        }
    }
}

ALWAYS_INLINE vec_factor factor_pair(const uint64_t *pair)
{
    return (vec_factor){reals_of_bits(words_all(pair[0])), reals_of_bits(words_all(pair[1]))};
}

ALWAYS_INLINE vec_factor factor_last(const uint64_t *last, int which, const field *k)
{
    (void)k;
    return (vec_factor){reals_load(last + 16 * which), reals_load(last + 16 * which + 8)};
}

ALWAYS_INLINE vec vec_load(const uint64_t *x)
{
    return reals_load(x);
}

ALWAYS_INLINE void vec_store(uint64_t *z, vec x)
{
    reals_store(z, x);
}

ALWAYS_INLINE void vec_transpose(vec v[8])
{
    reals_transpose(v);
}

ALWAYS_INLINE vec enter(vec x)
{
    return reals_of_words(reals_bits(x));
}

ALWAYS_INLINE vec leave(vec x, const field *k)
{
    return reals_of_bits(real_residue(x, &k->f));
}

ALWAYS_INLINE void turn(vec *x, vec *y, vec_factor f, const field *k, int reduce)
{
    real_verify_within(*x, 2, &k->f);
    real_verify_within(*y, 2, &k->f);
    const vec u = reduce ? real_reduce(*x, &k->f) : *x;
    const vec t = real_product(*y, f.w, f.ratio, k->f.q);
    *x = reals_add(u, t);
    *y = reals_sub(u, t);
}

ALWAYS_INLINE void turn_last(vec *x, vec *y, vec_factor f, const field *k)
{
    real_verify_within(*x, 2, &k->f);
    real_verify_within(*y, 2, &k->f);
    const vec t = real_product(*y, f.w, f.ratio, k->f.q), u = *x;
    *x = leave(real_reduce(reals_add(u, t), &k->f), k);
    *y = leave(real_reduce(reals_sub(u, t), &k->f), k);
}

ALWAYS_INLINE void turn_back(vec *x, vec *y, vec_factor f, const field *k, bool in_neg,
                             bool out_neg)
{
    (void)in_neg, (void)out_neg;
    const vec sum = reals_add(*x, *y), difference = reals_sub(*x, *y);
    real_verify_within(sum, 2, &k->f);
    real_verify_within(difference, 2, &k->f);
    *x = real_reduce(sum, &k->f);
    *y = real_product(difference, f.w, f.ratio, k->f.q);
}

ALWAYS_INLINE void turn_back_last(vec *x, vec *y, vec_factor f, vec_factor s, const field *k,
                                  bool in_neg)
{
    (void)in_neg;
    const vec sum = reals_add(*x, *y), difference = reals_sub(*x, *y);
    real_verify_within(sum, 2, &k->f);
    real_verify_within(difference, 2, &k->f);
    *x = leave(real_product(sum, s.w, s.ratio, k->f.q), k);
    *y = leave(real_product(difference, f.w, f.ratio, k->f.q), k);
}

#include "ckks/ntt_passes.h"

#endif
