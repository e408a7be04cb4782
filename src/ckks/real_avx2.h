/** Eight words and eight reals, two registers each: AVX2 with FMA. What arith_fma.h wants. */
#ifndef TACIT_CKKS_REAL_AVX2_H
#define TACIT_CKKS_REAL_AVX2_H

#include <immintrin.h>

#include "base/unroll.h"
#include "ckks/kernels.h"

typedef struct {
    __m256i a, b;
} words;

typedef struct {
    __m256d a, b;
} reals;

ALWAYS_INLINE words words_load(const uint64_t *x)
{
    return (words){_mm256_loadu_si256((const __m256i *)x),
                   _mm256_loadu_si256((const __m256i *)(x + 4))};
}
ALWAYS_INLINE void words_store(uint64_t *z, words x)
{
    _mm256_storeu_si256((__m256i *)z, x.a);
    _mm256_storeu_si256((__m256i *)(z + 4), x.b);
}
ALWAYS_INLINE words words_all(uint64_t x)
{
    return (words){_mm256_set1_epi64x((long long)x), _mm256_set1_epi64x((long long)x)};
}
ALWAYS_INLINE words words_add(words x, words y)
{
    return (words){_mm256_add_epi64(x.a, y.a), _mm256_add_epi64(x.b, y.b)};
}
ALWAYS_INLINE words words_sub(words x, words y)
{
    return (words){_mm256_sub_epi64(x.a, y.a), _mm256_sub_epi64(x.b, y.b)};
}
ALWAYS_INLINE words words_xor(words x, words y)
{
    return (words){_mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)};
}
/** y where x < 0 as a signed word, else 0. */
ALWAYS_INLINE __m256i where_negative(__m256i x, __m256i y)
{
    return _mm256_and_si256(y, _mm256_cmpgt_epi64(_mm256_setzero_si256(), x));
}
/** x + y where x < 0. */
ALWAYS_INLINE words words_lift(words x, words y)
{
    return (words){_mm256_add_epi64(x.a, where_negative(x.a, y.a)),
                   _mm256_add_epi64(x.b, where_negative(x.b, y.b))};
}

ALWAYS_INLINE reals reals_of_bits(words x)
{
    return (reals){_mm256_castsi256_pd(x.a), _mm256_castsi256_pd(x.b)};
}
ALWAYS_INLINE words reals_bits(reals x)
{
    return (words){_mm256_castpd_si256(x.a), _mm256_castpd_si256(x.b)};
}
ALWAYS_INLINE reals reals_all(double x)
{
    return (reals){_mm256_set1_pd(x), _mm256_set1_pd(x)};
}
ALWAYS_INLINE reals reals_add(reals x, reals y)
{
    return (reals){_mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b)};
}
ALWAYS_INLINE reals reals_sub(reals x, reals y)
{
    return (reals){_mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b)};
}
ALWAYS_INLINE reals reals_mul(reals x, reals y)
{
    return (reals){_mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b)};
}
/** x y + z, x y - z, z - x y, each rounded once. */
ALWAYS_INLINE reals reals_mul_add(reals x, reals y, reals z)
{
    return (reals){_mm256_fmadd_pd(x.a, y.a, z.a), _mm256_fmadd_pd(x.b, y.b, z.b)};
}
ALWAYS_INLINE reals reals_mul_sub(reals x, reals y, reals z)
{
    return (reals){_mm256_fmsub_pd(x.a, y.a, z.a), _mm256_fmsub_pd(x.b, y.b, z.b)};
}
ALWAYS_INLINE reals reals_sub_mul(reals x, reals y, reals z)
{
    return (reals){_mm256_fnmadd_pd(x.a, y.a, z.a), _mm256_fnmadd_pd(x.b, y.b, z.b)};
}
/** x + y where x < 0. */
ALWAYS_INLINE reals reals_lift(reals x, reals y)
{
    const __m256d zero = _mm256_setzero_pd();
    return (reals){_mm256_add_pd(x.a, _mm256_and_pd(y.a, _mm256_cmp_pd(x.a, zero, _CMP_LT_OQ))),
                   _mm256_add_pd(x.b, _mm256_and_pd(y.b, _mm256_cmp_pd(x.b, zero, _CMP_LT_OQ)))};
}

/* Four by four. */
ALWAYS_INLINE void transpose_quarter(__m256d *r0, __m256d *r1, __m256d *r2, __m256d *r3)
{
    const __m256d a = _mm256_unpacklo_pd(*r0, *r1), b = _mm256_unpackhi_pd(*r0, *r1);
    const __m256d c = _mm256_unpacklo_pd(*r2, *r3), d = _mm256_unpackhi_pd(*r2, *r3);
    *r0 = _mm256_permute2f128_pd(a, c, 0x20);
    *r1 = _mm256_permute2f128_pd(b, d, 0x20);
    *r2 = _mm256_permute2f128_pd(a, c, 0x31);
    *r3 = _mm256_permute2f128_pd(b, d, 0x31);
}

/** Columns to rows. */
ALWAYS_INLINE void reals_transpose(reals v[8])
{
    transpose_quarter(&v[0].a, &v[1].a, &v[2].a, &v[3].a);
    transpose_quarter(&v[0].b, &v[1].b, &v[2].b, &v[3].b);
    transpose_quarter(&v[4].a, &v[5].a, &v[6].a, &v[7].a);
    transpose_quarter(&v[4].b, &v[5].b, &v[6].b, &v[7].b);
    UNROLLED
    for (int i = 0; i < 4; i++) {
        const __m256d t = v[i].b;
        v[i].b = v[4 + i].a;
        v[4 + i].a = t;
    }
}

#endif
