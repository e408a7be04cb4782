#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* The tile: up to 14 rows × 2 vectors of 16 columns in 28 registers, two for a row of the panel
 * and one for an element of x. Every element of y is one chain of fused multiply-adds in order of
 * k, whatever the height of its tile. */
enum { ROWS = 14, LANES = 16 };

typedef struct {
    const float *x;
    size_t ldx;
    const float *w;
    size_t k;
    float *y;
    size_t ldy;
    __mmask16 mask[2]; /* columns to store */
    __m512 bias[2];
} tile;

__attribute__((always_inline)) static inline void tile_rows(const tile *t, size_t rows)
{
    __m512 acc[ROWS][2];
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) {
        acc[i][0] = t->bias[0];
        acc[i][1] = t->bias[1];
    }
    const float *w = t->w;
    /* Row pointers three apart: the rows between are reached by index. */
    const float *x0 = t->x, *x3 = x0 + 3 * t->ldx, *x6 = x3 + 3 * t->ldx, *x9 = x6 + 3 * t->ldx,
                *x12 = x9 + 3 * t->ldx;
    const size_t ldx = t->ldx;
    for (size_t k = 0; k < t->k; k++) {
        const __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + LANES);
        w += PANEL;
        const float *const base[] = {x0 + k, x3 + k, x6 + k, x9 + k, x12 + k};
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            const __m512 x = _mm512_set1_ps(base[i / 3][i % 3 * ldx]);
            acc[i][0] = _mm512_fmadd_ps(x, w0, acc[i][0]);
            acc[i][1] = _mm512_fmadd_ps(x, w1, acc[i][1]);
        }
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) {
        _mm512_mask_storeu_ps(t->y + i * t->ldy, t->mask[0], acc[i][0]);
        _mm512_mask_storeu_ps(t->y + i * t->ldy + LANES, t->mask[1], acc[i][1]);
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

static __mmask16 first_lanes(size_t n)
{
    return n >= LANES ? 0xffff : (__mmask16)((1u << n) - 1);
}

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n)
{
    const size_t n_tiles = (m + ROWS - 1) / ROWS;
    for (size_t j = 0; j < n; j += PANEL) {
        tile t = {.ldx = ldx, .w = w + j * k, .k = k, .ldy = ldy};
        for (size_t h = 0; h < 2; h++) {
            t.mask[h] = n - j > h * LANES ? first_lanes(n - j - h * LANES) : 0;
            t.bias[h] =
                bias ? _mm512_maskz_loadu_ps(t.mask[h], bias + j + h * LANES) : _mm512_setzero_ps();
        }
        for (size_t i = 0, row = 0; i < n_tiles; i++) {
            const size_t rows = (m - row + n_tiles - i - 1) / (n_tiles - i);
            t.x = x + row * ldx;
            t.y = y + row * ldy + j;
            tile_any(&t, rows);
            row += rows;
        }
    }
}

void plain_gemm_avx512(plain_kernels *t)
{
    t->gemm = gemm;
}
#endif
