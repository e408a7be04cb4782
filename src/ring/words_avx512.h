/** Products of whole words, eight to a register. Only files compiled for AVX-512 include it, having
 * defined multiply_add(sum, a, w), right mod 2^bits for the widths that they are used with. One
 * column tile of W is unpacked to words, DEPTH rows of it at a time, and used for all rows of A,
 * which are read in place.
 */
#ifndef TACIT_RING_WORDS_AVX512_H
#define TACIT_RING_WORDS_AVX512_H

#include "base/unroll.h"
#include "ring/kernels.h"
#include "ring/panel_avx512.h"

enum { DEPTH = 128, ROWS = 8 };

/* Rows of A from the first on, and where they go. */
typedef struct {
    uint64_t *c;
    const uint64_t *a;
    size_t ldc, lda, depth;
    unsigned columns; /* a bit each */
    ring_op op;
    uint64_t mask;
} strip;

ALWAYS_INLINE void put_words(const strip *s, uint64_t *c, unsigned columns, __m512i sum)
{
    const __mmask8 there = (__mmask8)columns;
    if (s->op != RING_SET) {
        const __m512i old = _mm512_maskz_loadu_epi64(there, c);
        sum = s->op == RING_ADD ? _mm512_add_epi64(old, sum) : _mm512_sub_epi64(old, sum);
    }
    _mm512_mask_storeu_epi64(c, there,
                             _mm512_and_si512(sum, _mm512_set1_epi64((long long)s->mask)));
}

/* `rows` rows, a constant to the compiler, times the panel. */
ALWAYS_INLINE void multiply_rows(const strip *s, const uint64_t *panel, size_t rows)
{
    __m512i first[ROWS], second[ROWS];
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        first[r] = second[r] = _mm512_setzero_si512();
    }
    for (size_t l = 0; l < s->depth; l++, panel += RING_TILE_COLUMNS) {
        const __m512i w0 = _mm512_load_si512(panel), w1 = _mm512_load_si512(panel + 8);
        UNROLLED
        for (size_t r = 0; r < rows; r++) {
            const __m512i a = _mm512_set1_epi64((long long)s->a[r * s->lda + l]);
            first[r] = multiply_add(first[r], a, w0);
            second[r] = multiply_add(second[r], a, w1);
        }
    }
    UNROLLED
    for (size_t r = 0; r < rows; r++) {
        put_words(s, s->c + r * s->ldc, s->columns, first[r]);
        put_words(s, s->c + r * s->ldc + 8, s->columns >> 8, second[r]);
    }
}

static void multiply_strip(const strip *s, const uint64_t *panel, size_t rows)
{
    switch (rows) {
    case 1:
        multiply_rows(s, panel, 1);
        break;
    case 2:
        multiply_rows(s, panel, 2);
        break;
    case 3:
        multiply_rows(s, panel, 3);
        break;
    case 4:
        multiply_rows(s, panel, 4);
        break;
    case 5:
        multiply_rows(s, panel, 5);
        break;
    case 6:
        multiply_rows(s, panel, 6);
        break;
    case 7:
        multiply_rows(s, panel, 7);
        break;
    default:
        multiply_rows(s, panel, 8);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* All rows times `depth` rows of column tile `column`, in the panel. */
static void multiply_panel(const ring_product *g, size_t row, size_t row_end, size_t column,
                           size_t from, size_t depth, const uint64_t *panel)
{
    const size_t left = g->w->n - column * RING_TILE_COLUMNS;
    strip s = {.ldc = g->ldc, .lda = g->lda, .depth = depth, .mask = ring_mask(g->w->bits)};
    s.columns = (1u << least(left, RING_TILE_COLUMNS)) - 1;
    s.op = g->op == RING_SET && from > 0 ? RING_ADD : g->op;
    for (size_t i = row; i < row_end; i += ROWS) {
        s.c = g->c + i * g->ldc + column * RING_TILE_COLUMNS;
        s.a = g->a + i * g->lda + from;
        multiply_strip(&s, panel, least(row_end - i, ROWS));
    }
}

/* ring_kernels.multiply */
static void multiply_words(const ring_product *g, size_t row, size_t row_end, size_t column,
                           size_t column_end, void *work)
{
    const size_t steps = ring_tiles(g->w->k, RING_TILE_DEPTH), limbs = ring_limbs(g->w->bits);
    const size_t last = least(row_end * RING_TILE_ROWS, g->m);
    for (size_t j = column; j < column_end; j++) {
        const uint8_t *tiles = g->w->data + j * steps * limbs * RING_TILE_BYTES;
        size_t from = 0;
        do {
            const size_t depth = least(g->w->k - from, DEPTH);
            for (size_t r = 0; r < depth; r += RING_TILE_DEPTH, tiles += limbs * RING_TILE_BYTES) {
                panel_unpack((uint64_t *)work + r * RING_TILE_COLUMNS, tiles, limbs);
            }
            multiply_panel(g, row * RING_TILE_ROWS, last, j, from, depth, work);
            from += depth;
        } while (from < g->w->k);
    }
}

#endif
