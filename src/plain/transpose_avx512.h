/** Rows to columns, 16 × 16 words at a time, in registers. Only files compiled for AVX-512 include
 * it. */
#ifndef TACIT_PLAIN_TRANSPOSE_AVX512_H
#define TACIT_PLAIN_TRANSPOSE_AVX512_H

#include <immintrin.h>
#include <stddef.h>

#include "base/unroll.h"

enum { LANES = 16 };

static inline __mmask16 first_lanes(size_t n)
{
    return n >= LANES ? 0xffff : (__mmask16)((1u << n) - 1);
}

/* r[i] lane j <-> r[j] lane i: pairs, then fours, then blocks of four by four. */
ALWAYS_INLINE void transpose(__m512 r[LANES])
{
    __m512 a[LANES];
    UNROLLED
    for (size_t i = 0; i < LANES; i += 2) {
        a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLLED
    for (size_t i = 0; i < LANES; i += 4) {
        const __m512d p = _mm512_castps_pd(a[i]), q = _mm512_castps_pd(a[i + 2]);
        const __m512d u = _mm512_castps_pd(a[i + 1]), v = _mm512_castps_pd(a[i + 3]);
        r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(p, q));
        r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(p, q));
        r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(u, v));
        r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(u, v));
    }
    UNROLLED
    for (size_t i = 0; i < 4; i++) {
        a[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        a[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        a[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        a[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    UNROLLED
    for (size_t i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_f32x4(a[i], a[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(a[i], a[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_f32x4(a[i + 4], a[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(a[i + 4], a[i + 12], 0xdd);
    }
}

#endif
