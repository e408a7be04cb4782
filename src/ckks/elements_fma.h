/** Element-wise products on reals: what elements_body.h wants. */
#ifndef TACIT_CKKS_ELEMENTS_FMA_H
#define TACIT_CKKS_ELEMENTS_FMA_H

typedef words vec;
typedef real_field pair_field;

enum { LANES = 8 };

ALWAYS_INLINE vec vec_load(const uint64_t *x)
{
    return words_load(x);
}

ALWAYS_INLINE void vec_store(uint64_t *z, vec x)
{
    words_store(z, x);
}

ALWAYS_INLINE vec vec_all(uint64_t x)
{
    return words_all(x);
}

ALWAYS_INLINE vec vec_add(vec x, vec y)
{
    return words_add(x, y);
}

ALWAYS_INLINE vec vec_sub(vec x, vec y)
{
    return words_sub(x, y);
}

ALWAYS_INLINE vec vec_once(vec x, vec bound)
{
    return words_lift(words_sub(x, bound), bound);
}

ALWAYS_INLINE vec vec_lift(vec x, vec bound)
{
    return words_lift(x, bound);
}

static pair_field pair_field_of(const ckks_modulus *m)
{
    return real_field_of(m);
}

ALWAYS_INLINE vec pair_product(vec x, vec y, const pair_field *k)
{
    return real_residue(real_pair_product(reals_of_words(x), reals_of_words(y), k), k);
}

typedef struct {
    real_field f;
    reals w, ratio;
} scalar_field;

static scalar_field scalar_field_of(const ckks_modulus *m, uint64_t c)
{
    const double w = (double)c;
    return (scalar_field){real_field_of(m), reals_all(w), reals_all(w / (double)m->q)};
}

ALWAYS_INLINE vec scalar_product(vec x, const scalar_field *k)
{
    return real_residue(real_product(reals_of_words(x), k->w, k->ratio, k->f.q), &k->f);
}

#include "ckks/elements_body.h"

#endif
