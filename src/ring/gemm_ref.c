#include <string.h>

#include "ring/kernels.h"

/* One column tile of W is unpacked into words, BLOCK rows of it at a time, and used for all rows
 * of A. */
enum { COLUMNS = RING_TILE_COLUMNS, BLOCK = RING_WORK_DEPTH_REF };

size_t ring_work_bytes_ref(size_t row_tiles, unsigned limbs)
{
    (void)row_tiles;
    (void)limbs;
    return sizeof(uint64_t) * BLOCK * COLUMNS;
}

void ring_pack_right_ref(uint8_t *out, const uint64_t *w, size_t k, size_t n, size_t row_stride,
                         size_t col_stride, unsigned bits)
{
    const unsigned limbs = ring_limbs(bits);
    const uint64_t mask = ring_mask(bits);
    for (size_t j = 0; j < n; j += RING_TILE_COLUMNS) {
        for (size_t i = 0; i < k; i += RING_TILE_DEPTH, out += limbs * RING_TILE_BYTES) {
            const size_t columns = n - j < RING_TILE_COLUMNS ? n - j : RING_TILE_COLUMNS;
            const size_t rows = k - i < RING_TILE_DEPTH ? k - i : RING_TILE_DEPTH;
            memset(out, 0, limbs * RING_TILE_BYTES);
            for (size_t r = 0; r < rows; r++) {
                for (size_t c = 0; c < columns; c++) {
                    uint64_t word = w[(i + r) * row_stride + (j + c) * col_stride] & mask;
                    uint8_t *at = out + r / 4 * 64 + c * 4 + r % 4;
                    for (unsigned l = 0; l < limbs; l++, word >>= 8) {
                        at[l * RING_TILE_BYTES] = (uint8_t)word;
                    }
                }
            }
        }
    }
}

void ring_unpack_tiles_ref(uint64_t *out, const uint8_t *tiles, size_t n, size_t limbs)
{
    for (size_t r = 0; r < n * RING_TILE_DEPTH; r++) {
        const size_t place = r / RING_TILE_DEPTH * limbs, row = r % RING_TILE_DEPTH;
        for (size_t c = 0; c < COLUMNS; c++) {
            const uint8_t *at = tiles + place * RING_TILE_BYTES + row / 4 * 64 + c * 4 + row % 4;
            uint64_t word = 0;
            for (size_t l = limbs; l-- > 0;) {
                word = word << 8 | at[l * RING_TILE_BYTES];
            }
            out[r * COLUMNS + c] = word;
        }
    }
}

/* Row i of A, `depth` of it, times the words. */
static void multiply_row(uint64_t *sums, const uint64_t *a, const uint64_t *words, size_t depth)
{
    memset(sums, 0, COLUMNS * sizeof *sums);
    for (size_t l = 0; l < depth; l++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            sums[c] += a[l] * words[l * COLUMNS + c];
        }
    }
}

static void multiply_block(const ring_product *g, size_t row, size_t row_end, size_t column,
                           size_t from, size_t depth, const uint64_t *words)
{
    const uint64_t mask = ring_mask(g->w->bits);
    const size_t columns = g->w->n - column < COLUMNS ? g->w->n - column : COLUMNS;
    const ring_op op = from > 0 && g->op == RING_SET ? RING_ADD : g->op;
    for (size_t i = row; i < row_end; i++) {
        uint64_t sums[COLUMNS], *c = g->c + i * g->ldc + column;
        multiply_row(sums, g->a + i * g->lda + from, words, depth);
        for (size_t j = 0; j < columns; j++) {
            c[j] = ring_put(op, op == RING_SET ? 0 : c[j], sums[j], mask);
        }
    }
}

void ring_multiply_ref(const ring_product *g, size_t row, size_t row_end, size_t column,
                       size_t column_end, void *work)
{
    const unsigned limbs = ring_limbs(g->w->bits);
    const size_t steps = ring_tiles(g->w->k, RING_TILE_DEPTH);
    const size_t last = row_end * RING_TILE_ROWS < g->m ? row_end * RING_TILE_ROWS : g->m;
    uint64_t *words = work;
    for (size_t j = column; j < column_end; j++) {
        const uint8_t *tiles = g->w->data + j * steps * limbs * RING_TILE_BYTES;
        size_t from = 0;
        do {
            const size_t depth = g->w->k - from < BLOCK ? g->w->k - from : BLOCK;
            ring_unpack_tiles_ref(words, tiles, ring_tiles(depth, RING_TILE_DEPTH), limbs);
            tiles += BLOCK / RING_TILE_DEPTH * limbs * RING_TILE_BYTES;
            multiply_block(g, row * RING_TILE_ROWS, last, j * COLUMNS, from, depth, words);
            from += depth;
        } while (from < g->w->k);
    }
}
