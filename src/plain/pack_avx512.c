#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "plain/unroll.h"

/* Packing turns rows into columns: 16 × 16 floats at a time, in registers. */
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

/* Load columns of up to 16 rows of x as rows of r; rows that are not there are zero. */
ALWAYS_INLINE void load_columns(__m512 r[LANES], const float *x, size_t ldx, size_t rows,
                                __mmask16 columns)
{
    UNROLLED
    for (size_t i = 0; i < LANES; i++) {
        r[i] = i < rows ? _mm512_maskz_loadu_ps(columns, x + i * ldx) : _mm512_setzero_ps();
    }
    transpose(r);
}

static void pack_tile(float *out, const float *x, size_t ldx, size_t rows, size_t k)
{
    const __mmask16 lanes = first_lanes(rows);
    for (size_t j = 0; j < k; j += LANES) {
        __m512 r[LANES];
        load_columns(r, x + j, ldx, rows, first_lanes(k - j));
        UNROLLED
        for (size_t i = 0; i < LANES; i++) {
            if (j + i < k) {
                _mm512_mask_storeu_ps(out + (j + i) * rows, lanes, r[i]);
            }
        }
    }
}

static void pack_rows(float *out, const float *x, size_t ldx, float scale, size_t k, size_t n)
{
    const __m512 factor = _mm512_set1_ps(scale);
    for (size_t j = 0; j < n; j += PANEL) {
        for (size_t half = 0; half < PANEL; half += LANES) {
            const size_t first = j + half, rows = n > first ? n - first : 0;
            for (size_t c = 0; c < k; c += LANES) {
                __m512 r[LANES];
                load_columns(r, x + first * ldx + c, ldx, rows, first_lanes(k - c));
                UNROLLED
                for (size_t i = 0; i < LANES; i++) {
                    if (c + i < k) {
                        _mm512_store_ps(out + j * k + (c + i) * PANEL + half,
                                        _mm512_mul_ps(factor, r[i]));
                    }
                }
            }
        }
    }
}

void plain_pack_avx512(plain_kernels *t)
{
    t->pack_rows = pack_rows;
    t->pack_tile = pack_tile;
}
#endif
