/** Sixteen floats of AVX-512 under the names that vec_math.h and vec_pointwise.h use. Only files
 * compiled for AVX-512 include it. `first` means the first n lanes, n < LANES; the others are
 * zero, or not stored. */
#ifndef TACIT_PLAIN_VEC_AVX512_H
#define TACIT_PLAIN_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };
typedef __m512 vec;

static inline __mmask16 vec_mask(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline vec vec_load_first(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(vec_mask(n), p);
}

static inline void vec_store(float *p, vec x)
{
    _mm512_storeu_ps(p, x);
}

static inline void vec_store_first(float *p, vec x, size_t n)
{
    _mm512_mask_storeu_ps(p, vec_mask(n), x);
}

/** x in the first n lanes, other in the rest. */
static inline vec vec_first(vec x, vec other, size_t n)
{
    return _mm512_mask_mov_ps(other, vec_mask(n), x);
}

/** a·b + c and c - a·b, rounded once. */
static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/** b where either is NaN. */
static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

static inline vec vec_abs(vec x)
{
    return _mm512_abs_ps(x);
}

/** |x| with the sign of s. */
static inline vec vec_sign(vec x, vec s)
{
    const __m512i sign = _mm512_set1_epi32((int)0x80000000u);
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        sign, _mm512_castps_si512(s), _mm512_castps_si512(x), 0xca)); /* sign ? s : x */
}

/** a < b ? x : y */
static inline vec vec_less(vec a, vec b, vec x, vec y)
{
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), x);
}

static inline vec vec_round(vec x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/** x·2^n, n a whole number. */
static inline vec vec_scale(vec x, vec n)
{
    return _mm512_scalef_ps(x, n);
}

/** 1/x to 2^-23, x of ordinary size: an estimate of 14 bits and one step of Newton. */
static inline vec vec_recip(vec x)
{
    const vec r = _mm512_rcp14_ps(x);
    return vec_fma(r, vec_fnma(x, r, vec_set(1)), r);
}

static inline float vec_sum(vec x)
{
    const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}

static inline float vec_largest(vec x)
{
    return _mm512_reduce_max_ps(x);
}

#endif
