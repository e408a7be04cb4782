/** Eight words and eight reals for instruction sets without IFMA: AVX-512. What arith_fma.h wants.
 */
#ifndef TACIT_CKKS_REAL_AVX512_H
#define TACIT_CKKS_REAL_AVX512_H

#include <immintrin.h>

#include "base/unroll.h"
#include "ckks/kernels.h"

typedef __m512i words;
typedef __m512d reals;

ALWAYS_INLINE words words_load(const uint64_t *x)
{
    return _mm512_loadu_si512(x);
}
ALWAYS_INLINE void words_store(uint64_t *z, words x)
{
    _mm512_storeu_si512(z, x);
}
ALWAYS_INLINE words words_all(uint64_t x)
{
    return _mm512_set1_epi64((long long)x);
}
ALWAYS_INLINE words words_add(words x, words y)
{
    return _mm512_add_epi64(x, y);
}
ALWAYS_INLINE words words_sub(words x, words y)
{
    return _mm512_sub_epi64(x, y);
}
ALWAYS_INLINE words words_xor(words x, words y)
{
    return _mm512_xor_si512(x, y);
}
/** x + y where x < 0 as a signed word. */
ALWAYS_INLINE words words_lift(words x, words y)
{
    return _mm512_mask_add_epi64(x, _mm512_movepi64_mask(x), x, y);
}

ALWAYS_INLINE reals reals_of_bits(words x)
{
    return _mm512_castsi512_pd(x);
}
ALWAYS_INLINE words reals_bits(reals x)
{
    return _mm512_castpd_si512(x);
}
ALWAYS_INLINE reals reals_all(double x)
{
    return _mm512_set1_pd(x);
}
ALWAYS_INLINE reals reals_add(reals x, reals y)
{
    return _mm512_add_pd(x, y);
}
ALWAYS_INLINE reals reals_sub(reals x, reals y)
{
    return _mm512_sub_pd(x, y);
}
ALWAYS_INLINE reals reals_mul(reals x, reals y)
{
    return _mm512_mul_pd(x, y);
}
/** x y + z, x y - z, z - x y, each rounded once. */
ALWAYS_INLINE reals reals_mul_add(reals x, reals y, reals z)
{
    return _mm512_fmadd_pd(x, y, z);
}
ALWAYS_INLINE reals reals_mul_sub(reals x, reals y, reals z)
{
    return _mm512_fmsub_pd(x, y, z);
}
ALWAYS_INLINE reals reals_sub_mul(reals x, reals y, reals z)
{
    return _mm512_fnmadd_pd(x, y, z);
}
/** x + y where x < 0. */
ALWAYS_INLINE reals reals_lift(reals x, reals y)
{
    return _mm512_mask_add_pd(x, _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_LT_OQ), x, y);
}

/** Columns to rows. */
ALWAYS_INLINE void reals_transpose(reals v[8])
{
    reals t[8], u[8];
    UNROLLED
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm512_unpacklo_pd(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_pd(v[2 * i], v[2 * i + 1]);
    }
    UNROLLED
    for (int i = 0; i < 4; i++) {
        const int at = i / 2 * 4 + i % 2;
        u[at] = _mm512_shuffle_f64x2(t[at], t[at + 2], 0x88);
        u[at + 2] = _mm512_shuffle_f64x2(t[at], t[at + 2], 0xdd);
    }
    UNROLLED
    for (int i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_f64x2(u[i], u[i + 4], 0x88);
        v[i + 4] = _mm512_shuffle_f64x2(u[i], u[i + 4], 0xdd);
    }
}

#endif
