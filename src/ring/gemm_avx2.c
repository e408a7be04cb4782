#include "ring/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "base/unroll.h"

/* A tile is ROWS rows × COLUMNS columns. Products of words are made of halves: with
 * a = a1 2^32 + a0, a w = a0 w0 + (a0 w1 + a1 w0) 2^32 mod 2^64. Up to 32 bits a0 w0 is enough. */
enum { ROWS = 2, COLUMNS = 8, VECTORS = COLUMNS / 4, BLOCK = RING_WORK_DEPTH_REF };

typedef struct {
    __m256i low, middle;
} sums;

ALWAYS_INLINE void add_row(sums out[VECTORS], const uint64_t *a, const __m256i w[VECTORS],
                           const __m256i w1[VECTORS], bool wide)
{
    const __m256i a0 = _mm256_set1_epi64x((long long)*a), a1 = _mm256_srli_epi64(a0, 32);
    UNROLLED
    for (size_t v = 0; v < VECTORS; v++) {
        out[v].low = _mm256_add_epi64(out[v].low, _mm256_mul_epu32(a0, w[v]));
        if (wide) {
            const __m256i x = _mm256_mul_epu32(a0, w1[v]), y = _mm256_mul_epu32(a1, w[v]);
            out[v].middle = _mm256_add_epi64(out[v].middle, _mm256_add_epi64(x, y));
        }
    }
}

/* `rows` rows of a times the panel, to out: ROWS × COLUMNS words. rows and wide are constants to
 * the compiler. */
ALWAYS_INLINE void multiply_rows(uint64_t *out, const uint64_t *a, size_t lda, size_t depth,
                                 const uint64_t *panel, size_t rows, bool wide)
{
    sums s[ROWS][VECTORS];
    UNROLLED
    for (size_t i = 0; i < ROWS * VECTORS; i++) {
        s[i / VECTORS][i % VECTORS] = (sums){_mm256_setzero_si256(), _mm256_setzero_si256()};
    }
    for (size_t l = 0; l < depth; l++, panel += RING_TILE_COLUMNS) {
        __m256i w[VECTORS], w1[VECTORS];
        UNROLLED
        for (size_t v = 0; v < VECTORS; v++) {
            w[v] = _mm256_load_si256((const __m256i *)(const void *)(panel + 4 * v));
            w1[v] = _mm256_srli_epi64(w[v], 32);
        }
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            add_row(s[r], a + r * lda + l, w, w1, wide);
        }
    }
    UNROLLED
    for (size_t i = 0; i < ROWS * VECTORS; i++) {
        const sums x = s[i / VECTORS][i % VECTORS];
        _mm256_store_si256((__m256i *)(void *)(out + 4 * i),
                           _mm256_add_epi64(x.low, _mm256_slli_epi64(x.middle, 32)));
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void multiply_tile(const ring_product *g, size_t row, size_t rows, size_t column,
                          size_t from, size_t depth, const uint64_t *panel)
{
    _Alignas(32) uint64_t out[ROWS * COLUMNS];
    const uint64_t *a = g->a + row * g->lda + from, mask = ring_mask(g->w->bits);
    const ring_op op = g->op == RING_SET && from > 0 ? RING_ADD : g->op;
    if (rows == ROWS && g->w->bits > 32) {
        multiply_rows(out, a, g->lda, depth, panel, ROWS, true);
    } else if (rows == ROWS) {
        multiply_rows(out, a, g->lda, depth, panel, ROWS, false);
    } else {
        multiply_rows(out, a, g->lda, depth, panel, 1, true);
    }
    for (size_t i = 0; i < rows; i++) {
        uint64_t *c = g->c + (row + i) * g->ldc + column;
        for (size_t j = 0; j < COLUMNS && column + j < g->w->n; j++) {
            c[j] = ring_put(op, op == RING_SET ? 0 : c[j], out[i * COLUMNS + j], mask);
        }
    }
}

void ring_multiply_avx2(const ring_product *g, size_t row, size_t row_end, size_t column,
                        size_t column_end, void *work)
{
    const size_t limbs = ring_limbs(g->w->bits), steps = ring_tiles(g->w->k, RING_TILE_DEPTH);
    const size_t last = least(row_end * RING_TILE_ROWS, g->m);
    for (size_t j = column; j < column_end; j++) {
        const uint8_t *tiles = g->w->data + j * steps * limbs * RING_TILE_BYTES;
        size_t from = 0;
        do {
            const size_t depth = least(g->w->k - from, BLOCK);
            ring_unpack_tiles_ref(work, tiles, ring_tiles(depth, RING_TILE_DEPTH), limbs);
            for (size_t i = row * RING_TILE_ROWS; i < last; i += ROWS) {
                for (size_t h = 0; h < RING_TILE_COLUMNS; h += COLUMNS) {
                    multiply_tile(g, i, least(last - i, ROWS), j * RING_TILE_COLUMNS + h, from,
                                  depth, (const uint64_t *)work + h);
                }
            }
            tiles += BLOCK / RING_TILE_DEPTH * limbs * RING_TILE_BYTES;
            from += depth;
        } while (from < g->w->k);
    }
}
#endif
