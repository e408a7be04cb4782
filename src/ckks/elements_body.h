/** Element-wise loops over vectors: included once by a file for each instruction set, which has
 * defined
 *     vec, LANES, vec_load, vec_store, vec_all, vec_add, vec_sub, vec_once, vec_lift
 *     pair_field, pair_field_of, pair_product          canonical products of canonical values
 *     scalar_field, scalar_field_of, scalar_product    the same by a constant; its other factor is
 *                                                      below 2q */
#ifndef TACIT_CKKS_ELEMENTS_BODY_H
#define TACIT_CKKS_ELEMENTS_BODY_H

#include "ckks/kernels.h"

static void add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, vec_once(vec_add(vec_load(x + i), vec_load(y + i)), q));
    }
}

static void sub(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, vec_lift(vec_sub(vec_load(x + i), vec_load(y + i)), q));
    }
}

static void neg(const ckks_modulus *m, uint64_t *z, const uint64_t *x, size_t n)
{
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, vec_once(vec_sub(q, vec_load(x + i)), q));
    }
}

static void add_scalar(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n)
{
    const vec q = vec_all(m->q), y = vec_all(c);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, vec_once(vec_add(vec_load(x + i), y), q));
    }
}

static void mul(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    const pair_field k = pair_field_of(m);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, pair_product(vec_load(x + i), vec_load(y + i), &k));
    }
}

static void mul_add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                    size_t n)
{
    const pair_field k = pair_field_of(m);
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        const vec p = pair_product(vec_load(x + i), vec_load(y + i), &k);
        vec_store(z + i, vec_once(vec_add(vec_load(z + i), p), q));
    }
}

static void mul_scalar(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n)
{
    const scalar_field k = scalar_field_of(m, c);
    for (size_t i = 0; i < n; i += LANES) {
        vec_store(z + i, scalar_product(vec_load(x + i), &k));
    }
}

static void mul_scalar_add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c,
                           size_t n)
{
    const scalar_field k = scalar_field_of(m, c);
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        const vec p = scalar_product(vec_load(x + i), &k);
        vec_store(z + i, vec_once(vec_add(vec_load(z + i), p), q));
    }
}

static void sub_scale(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                      uint64_t c, size_t n)
{
    const scalar_field k = scalar_field_of(m, c);
    const vec q = vec_all(m->q);
    for (size_t i = 0; i < n; i += LANES) {
        const vec difference = vec_sub(vec_add(vec_load(x + i), q), vec_load(y + i));
        vec_store(z + i, scalar_product(difference, &k));
    }
}

/* Words that stay words are not converted faster than by plain code. */
#define ELEMENTS(table, permutation)                                                               \
    const ckks_element_kernels table = {                                                           \
        .add = add,                                                                                \
        .sub = sub,                                                                                \
        .neg = neg,                                                                                \
        .mul = mul,                                                                                \
        .mul_add = mul_add,                                                                        \
        .add_scalar = add_scalar,                                                                  \
        .mul_scalar = mul_scalar,                                                                  \
        .mul_scalar_add = mul_scalar_add,                                                          \
        .sub_scale = sub_scale,                                                                    \
        .from_words = ckks_from_words_ref,                                                         \
        .permute = permutation,                                                                    \
    }

#endif
