#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "plain/gemm_tile.h"

/* The tile: up to 14 rows × 2 vectors of 16 columns in 28 registers, two for a row of the panel
 * and one for an element of x. Every element of y is one chain of fused multiply-adds in order of
 * k, whatever the height of its tile (docs/design/plain-gemm.md). */
enum { ROWS = 14, LANES = 16, WIDTH = 2 * LANES };

/* The columns of a half that there are. */
static inline __mmask16 half_mask(const tile *t, size_t h)
{
    const size_t n = t->columns > h * LANES ? t->columns - h * LANES : 0;
    return n >= LANES ? 0xffff : (__mmask16)((1u << n) - 1);
}

ALWAYS_INLINE void tile_begin(__m512 acc[ROWS][2], const tile *t, size_t rows)
{
    UNROLLED
    for (size_t h = 0; h < 2; h++) {
        const __m512 bias = t->bias ? _mm512_maskz_loadu_ps(half_mask(t, h), t->bias + h * LANES)
                                    : _mm512_setzero_ps();
        UNROLLED
        for (size_t i = 0; i < rows; i++) {
            acc[i][h] = bias;
        }
    }
    if (!t->resume) {
        return;
    }
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        acc[i][0] = _mm512_maskz_loadu_ps(half_mask(t, 0), t->y + i * t->ldy);
        acc[i][1] = _mm512_maskz_loadu_ps(half_mask(t, 1), t->y + i * t->ldy + LANES);
    }
}

/* One step of k; x[i] is where row 3i has its element, the rows between are reached by index. */
ALWAYS_INLINE void step_rows(__m512 acc[ROWS][2], const float *const x[5], size_t ldx,
                             const float *w, size_t rows)
{
    const __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + LANES);
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        const __m512 e = _mm512_set1_ps(x[i / 3][i % 3 * ldx]);
        acc[i][0] = _mm512_fmadd_ps(e, w0, acc[i][0]);
        acc[i][1] = _mm512_fmadd_ps(e, w1, acc[i][1]);
    }
}

ALWAYS_INLINE void step_tile(__m512 acc[ROWS][2], const float *x, const float *w, size_t rows)
{
    const __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + LANES);
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        const __m512 e = _mm512_set1_ps(x[i]);
        acc[i][0] = _mm512_fmadd_ps(e, w0, acc[i][0]);
        acc[i][1] = _mm512_fmadd_ps(e, w1, acc[i][1]);
    }
}

ALWAYS_INLINE void multiply_rows(__m512 acc[ROWS][2], const tile *t, size_t rows)
{
    const size_t ldx = t->ldx;
    const float *x[5];
    UNROLLED
    for (size_t i = 0; i < 5; i++) {
        x[i] = t->x + 3 * i * ldx;
    }
    for (size_t k = 0; k < t->k; k++) {
        step_rows(acc, x, ldx, t->w + k * PANEL, rows);
        UNROLLED
        for (size_t i = 0; i < 5; i++) {
            x[i]++;
        }
    }
}

ALWAYS_INLINE void multiply_tile(__m512 acc[ROWS][2], const tile *t, size_t rows)
{
    const float *x = t->x, *w = t->w;
    const char *fetch = t->fetch;
    size_t k = t->k;
    for (; k >= CHUNK; k -= CHUNK) {
        for (size_t l = 0; l < t->fetch_a_chunk; l++, fetch += LINE) {
            _mm_prefetch(fetch, _MM_HINT_T1);
        }
        UNROLLED
        for (size_t i = 0; i < CHUNK; i++) {
            step_tile(acc, x + i * rows, w + i * PANEL, rows);
        }
        x += CHUNK * rows;
        w += CHUNK * PANEL;
    }
    for (; k > 0; k--) {
        step_tile(acc, x, w, rows);
        x += rows;
        w += PANEL;
    }
}

ALWAYS_INLINE void tile_rows(const tile *t, size_t rows)
{
    __m512 acc[ROWS][2];
    tile_begin(acc, t, rows);
    if (t->ldx) {
        multiply_rows(acc, t, rows);
    } else {
        multiply_tile(acc, t, rows);
    }
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        _mm512_mask_storeu_ps(t->y + i * t->ldy, half_mask(t, 0), acc[i][0]);
        _mm512_mask_storeu_ps(t->y + i * t->ldy + LANES, half_mask(t, 1), acc[i][1]);
    }
}

static void tile_any(const tile *t, size_t rows)
{
    switch (rows) {
    case 1:
        tile_rows(t, 1);
        break;
    case 2:
        tile_rows(t, 2);
        break;
    case 3:
        tile_rows(t, 3);
        break;
    case 4:
        tile_rows(t, 4);
        break;
    case 5:
        tile_rows(t, 5);
        break;
    case 6:
        tile_rows(t, 6);
        break;
    case 7:
        tile_rows(t, 7);
        break;
    case 8:
        tile_rows(t, 8);
        break;
    case 9:
        tile_rows(t, 9);
        break;
    case 10:
        tile_rows(t, 10);
        break;
    case 11:
        tile_rows(t, 11);
        break;
    case 12:
        tile_rows(t, 12);
        break;
    case 13:
        tile_rows(t, 13);
        break;
    default:
        tile_rows(t, 14);
        break;
    }
}

#include "plain/gemm_driver.h"

void plain_gemm_avx512(plain_kernels *t)
{
    t->gemm = gemm;
    t->tile_rows = ROWS;
    t->gemm_tiles = gemm_tiles;
}
#endif
