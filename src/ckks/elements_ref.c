#include "ckks/kernels.h"

static void add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_add(m, x[i], y[i]);
    }
}

static void sub(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_sub(m, x[i], y[i]);
    }
}

static void neg(const ckks_modulus *m, uint64_t *z, const uint64_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_neg(m, x[i]);
    }
}

static void mul(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_mul(m, x[i], y[i]);
    }
}

static void mul_add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_add(m, z[i], ckks_mod_mul(m, x[i], y[i]));
    }
}

static void add_scalar(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_add(m, x[i], c);
    }
}

static void mul_scalar(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c, size_t n)
{
    const uint64_t ratio = ckks_mod_ratio(m, c);
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_mul_by(m, x[i], c, ratio);
    }
}

static void mul_scalar_add(const ckks_modulus *m, uint64_t *z, const uint64_t *x, uint64_t c,
                           size_t n)
{
    const uint64_t ratio = ckks_mod_ratio(m, c);
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_add(m, z[i], ckks_mod_mul_by(m, x[i], c, ratio));
    }
}

static void sub_scale(const ckks_modulus *m, uint64_t *z, const uint64_t *x, const uint64_t *y,
                      uint64_t c, size_t n)
{
    const uint64_t ratio = ckks_mod_ratio(m, c);
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_mul_by(m, x[i] + m->q - y[i], c, ratio);
    }
}

void ckks_from_words_ref(const ckks_modulus *m, uint64_t *z, const int64_t *x, size_t n)
{
    const uint64_t bias = UINT64_C(1) << 63, less = ckks_mod_word(m, bias);
    for (size_t i = 0; i < n; i++) {
        z[i] = ckks_mod_sub(m, ckks_mod_word(m, (uint64_t)x[i] ^ bias), less);
    }
}

void ckks_permute_ref(uint64_t *z, const uint64_t *x, const uint32_t *table, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        z[i] = x[table[i]];
    }
}

const ckks_element_kernels ckks_elements_ref = {
    .add = add,
    .sub = sub,
    .neg = neg,
    .mul = mul,
    .mul_add = mul_add,
    .add_scalar = add_scalar,
    .mul_scalar = mul_scalar,
    .mul_scalar_add = mul_scalar_add,
    .sub_scale = sub_scale,
    .from_words = ckks_from_words_ref,
    .permute = ckks_permute_ref,
};
