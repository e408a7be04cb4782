#include "plain/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "plain/unroll.h"

/* The tile: up to 14 rows × 2 vectors of 16 columns in 28 registers, two for a row of the panel
 * and one for an element of x. Every element of y is one chain of fused multiply-adds in order of
 * k, whatever the height of its tile (docs/design/plain-gemm.md). */
enum { ROWS = 14, LANES = 16, CHUNK = 8, DEPTH = 1024, LINE = 64 };

typedef struct {
    const float *x; /* ldx > 0: rows of that stride; 0: a tile, the rows' elements interleaved */
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

ALWAYS_INLINE void tile_begin(__m512 acc[ROWS][2], const tile *t, size_t rows)
{
    UNROLLED
    for (size_t h = 0; h < 2; h++) {
        const __m512 bias =
            t->bias ? _mm512_maskz_loadu_ps(t->mask[h], t->bias + h * LANES) : _mm512_setzero_ps();
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
        acc[i][0] = _mm512_maskz_loadu_ps(t->mask[0], t->y + i * t->ldy);
        acc[i][1] = _mm512_maskz_loadu_ps(t->mask[1], t->y + i * t->ldy + LANES);
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

static tile panel_tile(float *y, size_t ldy, const float *bias, size_t j, size_t n)
{
    return (tile){.y = y + j,
                  .ldy = ldy,
                  .mask = {first_lanes(n - j), n - j > LANES ? first_lanes(n - j - LANES) : 0},
                  .bias = bias ? bias + j : NULL};
}

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n)
{
    const size_t n_tiles = (m + ROWS - 1) / ROWS;
    for (size_t j = 0; j < n; j += PANEL) {
        tile t = panel_tile(y, ldy, bias, j, n);
        t.x = x;
        t.ldx = ldx;
        t.w = w + j * k;
        t.k = k;
        for (size_t i = 0, row = 0; i < n_tiles; i++) {
            const size_t rows = (m - row + n_tiles - i - 1) / (n_tiles - i);
            tile_any(&t, rows);
            t.x += rows * ldx;
            t.y += rows * ldy;
            row += rows;
        }
    }
}

/* All tiles times a part of one panel: t.k deep, at `from` of k; next is what to fetch meanwhile,
 * as deep. */
static void multiply_tiles(tile t, const float *x, size_t height, size_t m, size_t from, size_t k,
                           const void *next)
{
    const size_t n_tiles = (m + height - 1) / height, n_chunks = t.k / CHUNK;
    const size_t lines = next ? t.k * PANEL * sizeof(float) / LINE : 0, turns = n_tiles * n_chunks;
    t.fetch = next;
    t.fetch_a_chunk = turns ? (lines + turns - 1) / turns : 0;
    for (size_t i = 0; i < m; i += height) {
        const size_t rows = m - i < height ? m - i : height;
        t.x = x + i * k + from * rows;
        tile_any(&t, rows);
        t.y += rows * t.ldy;
        t.fetch = next ? t.fetch + t.fetch_a_chunk * n_chunks * LINE : NULL;
    }
}

static void gemm_tiles(float *y, size_t ldy, const float *x, size_t height, const float *w,
                       const float *bias, size_t m, size_t k, size_t n, const void *next)
{
    for (size_t from = 0; from < k; from += DEPTH) {
        const float *part = w + from * PANEL;
        const void *then = from + DEPTH < k ? part + DEPTH * PANEL : next;
        for (size_t j = 0; j < n; j += PANEL) {
            tile t = panel_tile(y, ldy, bias, j, n);
            t.w = part + j * k;
            t.k = k - from < DEPTH ? k - from : DEPTH;
            t.resume = from > 0;
            multiply_tiles(t, x, height, m, from, k, j + PANEL < n ? t.w + PANEL * k : then);
        }
    }
}

void plain_gemm_avx512(plain_kernels *t)
{
    t->gemm = gemm;
    t->tile_rows = ROWS;
    t->gemm_tiles = gemm_tiles;
}
#endif
