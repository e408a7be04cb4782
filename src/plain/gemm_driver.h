/** gemm and gemm_tiles of kernels.h over the tiles of one instruction set: ROWS is the greatest
 * height, WIDTH the columns of a tile, a divisor of PANEL, and tile_any(t, rows) computes one. */
#ifndef TACIT_PLAIN_GEMM_DRIVER_H
#define TACIT_PLAIN_GEMM_DRIVER_H

#include "plain/gemm_tile.h"

/* Rows are multiplied for so much of k before the next panel: see plain-gemm.md. */
enum { DEPTH = 768 };

/* The tile of columns j to j + WIDTH of n, at the first row. */
static tile column_tile(float *y, size_t ldy, const float *w, const float *bias, size_t k, size_t j,
                        size_t n)
{
    return (tile){.w = w + j / PANEL * PANEL * k + j % PANEL,
                  .y = y + j,
                  .ldy = ldy,
                  .columns = n - j < WIDTH ? n - j : WIDTH,
                  .bias = bias ? bias + j : NULL};
}

static void gemm(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n)
{
    const size_t n_tiles = (m + ROWS - 1) / ROWS;
    for (size_t j = 0; j < n; j += WIDTH) {
        tile t = column_tile(y, ldy, w, bias, k, j, n);
        t.x = x;
        t.ldx = ldx;
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

/* All rows times one column tile, t.k deep, at `from` of k. `lines` at next are fetched meanwhile,
 * evenly spread. */
static void multiply_tiles(tile t, const float *x, size_t height, size_t m, size_t from, size_t k,
                           const char *next, size_t lines)
{
    const size_t n_tiles = (m + height - 1) / height, n_chunks = t.k / CHUNK;
    const size_t turns = next ? n_tiles * n_chunks : 0;
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
        const size_t depth = k - from < DEPTH ? k - from : DEPTH;
        const size_t lines = depth * WIDTH * sizeof(float) / LINE; /* of this tile's share */
        const float *part = w + from * PANEL;
        const void *behind = from + DEPTH < k ? part + DEPTH * PANEL : next;
        for (size_t j = 0; j < n; j += WIDTH) {
            const size_t panel = j / PANEL * PANEL;
            const char *then =
                panel + PANEL < n ? (const char *)(part + (panel + PANEL) * k) : behind;
            tile t = column_tile(y, ldy, part, bias, k, j, n);
            t.k = depth;
            t.resume = from > 0;
            multiply_tiles(t, x, height, m, from, k,
                           then ? then + j % PANEL / WIDTH * lines * LINE : NULL, lines);
        }
    }
}

#endif
