#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* The tile: up to 14 rows × 2 vectors of 16 columns in 28 registers, two for a row of the panel
 * and one for an element of x. Every element of y is one chain of fused multiply-adds in order of
 * k, whatever the height of its tile (docs/design/plain-gemm.md). */
enum { ROWS = 14, LANES = 16, CHUNK = 8, DEPTH = 1024, LINE = 64 };

typedef struct {
    const float *x;
    size_t ldx;
    const float *w;
    size_t k;
    float *y;
    size_t ldy;
    __mmask16 mask[2];    /* columns that there are */
    const float *bias;    /* NULL: 0 */
    int resume;           /* sums begin as what y holds */
    const char *fetch;    /* lines to fetch while this tile is computed: */
    size_t fetch_a_chunk; /* so many for every CHUNK of k */
} tile;

__attribute__((always_inline)) static inline void tile_begin(__m512 acc[ROWS][2], const tile *t,
                                                             size_t rows)
{
#pragma GCC unroll 2
    for (size_t h = 0; h < 2; h++) {
        const __m512 bias =
            t->bias ? _mm512_maskz_loadu_ps(t->mask[h], t->bias + h * LANES) : _mm512_setzero_ps();
#pragma GCC unroll 14
        for (size_t i = 0; i < rows; i++) {
            acc[i][h] = bias;
        }
    }
    if (!t->resume) {
        return;
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++) {
        acc[i][0] = _mm512_maskz_loadu_ps(t->mask[0], t->y + i * t->ldy);
        acc[i][1] = _mm512_maskz_loadu_ps(t->mask[1], t->y + i * t->ldy + LANES);
    }
}

__attribute__((always_inline)) static inline void tile_rows(const tile *t, size_t rows)
{
    __m512 acc[ROWS][2];
    tile_begin(acc, t, rows);
    const float *w = t->w;
    const char *fetch = t->fetch;
    /* Row pointers three apart: the rows between are reached by index. */
    const size_t ldx = t->ldx;
    const float *x0 = t->x, *x3 = x0 + 3 * ldx, *x6 = x3 + 3 * ldx, *x9 = x6 + 3 * ldx,
                *x12 = x9 + 3 * ldx;
    for (size_t k = 0; k < t->k;) {
        const size_t end = t->k - k < CHUNK ? t->k : k + CHUNK;
        for (size_t l = 0; l < t->fetch_a_chunk; l++, fetch += LINE) {
            _mm_prefetch(fetch, _MM_HINT_T1);
        }
        for (; k < end; k++) {
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

/* All rows times one panel. t holds x, y, w and the depth; next is the panel to fetch meanwhile,
 * as deep as this one. Heights of the tiles differ by one at most. */
static void panel(tile t, size_t m, const void *next)
{
    const size_t n_tiles = (m + ROWS - 1) / ROWS, n_chunks = (t.k + CHUNK - 1) / CHUNK;
    const size_t lines = next ? t.k * PANEL * sizeof(float) / LINE : 0;
    t.fetch = next;
    t.fetch_a_chunk = (lines + n_tiles * n_chunks - 1) / (n_tiles * n_chunks);
    for (size_t i = 0, row = 0; i < n_tiles; i++) {
        const size_t rows = (m - row + n_tiles - i - 1) / (n_tiles - i);
        tile_any(&t, rows);
        t.x += rows * t.ldx;
        t.y += rows * t.ldy;
        t.fetch += t.fetch_a_chunk * n_chunks * LINE;
        row += rows;
    }
}

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n, const void *next)
{
    for (size_t from = 0; from < k; from += DEPTH) {
        const size_t depth = k - from < DEPTH ? k - from : DEPTH;
        const float *part = w + from * PANEL;
        for (size_t j = 0; j < n; j += PANEL) {
            const tile t = {
                .x = x + from,
                .ldx = ldx,
                .w = part + j * k,
                .k = depth,
                .y = y + j,
                .ldy = ldy,
                .mask = {first_lanes(n - j), n - j > LANES ? first_lanes(n - j - LANES) : 0},
                .bias = bias ? bias + j : NULL,
                .resume = from > 0};
            const void *then = from + DEPTH < k ? w + (from + DEPTH) * PANEL : next;
            panel(t, m, j + PANEL < n ? part + (j + PANEL) * k : then);
        }
    }
}

void plain_gemm_avx512(plain_kernels *t)
{
    t->gemm = gemm;
}
#endif
