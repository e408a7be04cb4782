#include "plain/kernels.h"

#if defined(__x86_64__)
#include "plain/transpose_avx512.h"

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
