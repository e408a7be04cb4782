/** Eight floats of AVX2 under the names that vec_math.h and vec_pointwise.h use. Only files
 * compiled for AVX2 include it. `first` means the first n lanes, n < LANES; the others are zero,
 * or not stored. */
#ifndef TACIT_PLAIN_VEC_AVX2_H
#define TACIT_PLAIN_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };
typedef __m256 vec;

static inline __m256i vec_mask(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline vec vec_load_first(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, vec_mask(n));
}

static inline void vec_store(float *p, vec x)
{
    _mm256_storeu_ps(p, x);
}

static inline void vec_store_first(float *p, vec x, size_t n)
{
    _mm256_maskstore_ps(p, vec_mask(n), x);
}

/** x in the first n lanes, other in the rest. */
static inline vec vec_first(vec x, vec other, size_t n)
{
    return _mm256_blendv_ps(other, x, _mm256_castsi256_ps(vec_mask(n)));
}

/** a·b + c and c - a·b, rounded once. */
static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/** b where either is NaN. */
static inline vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

static inline vec vec_abs(vec x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

/** |x| with the sign of s. */
static inline vec vec_sign(vec x, vec s)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_and_ps(sign, s), _mm256_andnot_ps(sign, x));
}

/** a < b ? x : y */
static inline vec vec_less(vec a, vec b, vec x, vec y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

static inline vec vec_round(vec x)
{
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* 2^n for whole n from -126 to 127. */
static inline vec vec_power_of_two(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/** x·2^n, n a whole number from -252 to 254: in two steps, so that results may be denormal. */
static inline vec vec_scale(vec x, vec n)
{
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    const vec once = _mm256_mul_ps(x, vec_power_of_two(half));
    return _mm256_mul_ps(once, vec_power_of_two(_mm256_sub_epi32(whole, half)));
}

static inline vec vec_recip(vec x)
{
    return _mm256_div_ps(vec_set(1), x);
}

static inline float vec_sum(vec x)
{
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}

static inline float vec_largest(vec x)
{
    const __m128 q = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_max_ss(d, _mm_movehdup_ps(d)));
}

#endif
