#include "ring/kernels.h"

#if defined(__x86_64__)
#include "ring/limbs_ifma.h"

enum { COLUMNS = RING_TILE_COLUMNS, DEPTH = RING_TILE_DEPTH, ROW_BYTES = 64 };

/* The corner of W that one place of the packed form holds. */
typedef struct {
    const uint64_t *w;
    size_t row_stride, col_stride, rows, columns;
    __m512i mask;
    size_t limbs;
} block;

static inline __mmask8 first_lanes(size_t n)
{
    return n >= 8 ? 0xff : (__mmask8)((1u << n) - 1);
}

static inline __m512i load_some(const uint64_t *from, size_t there, size_t begin)
{
    return there > begin ? _mm512_maskz_loadu_epi64(first_lanes(there - begin), from + begin)
                         : _mm512_setzero_si512();
}

/* Byte 4 c + t of the result is byte 16 t + c: four rows of 16 columns become 16 groups of four. */
static inline __m512i rows_to_fours(void)
{
    const __m512i fours = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i spread = _mm512_mullo_epi32(fours, _mm512_set1_epi32(0x01010101));
    return _mm512_add_epi8(spread, _mm512_set1_epi32(0x30201000));
}

/* Where rows of W lie in one piece: four of them are one row of each tile. */
static void pack_rows(uint8_t *out, const block *b)
{
    const __m512i order = limbs_order(), fours = rows_to_fours();
    for (size_t r = 0; r < DEPTH; r += 4, out += ROW_BYTES) {
        __m512i x[8];
        UNROLLED
        for (size_t t = 0; t < 4; t++) {
            const size_t columns = r + t < b->rows ? b->columns : 0;
            const uint64_t *from = b->w + (r + t) * b->row_stride;
            x[2 * t] = load_some(from, columns, 0);
            x[2 * t + 1] = load_some(from, columns, 8);
        }
        limbs_split(x, order, b->mask);
        UNROLLED
        for (size_t l = 0; l < 8; l++) {
            if (l < b->limbs) {
                _mm512_store_si512(out + l * RING_TILE_BYTES, _mm512_permutexvar_epi8(fours, x[l]));
            }
        }
    }
}

/* r[i] lane j <-> r[j] lane i, lanes of 32 bits: pairs, then fours, then blocks of four. */
ALWAYS_INLINE void transpose(__m512i r[16])
{
    __m512i a[16];
    UNROLLED
    for (size_t i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    UNROLLED
    for (size_t i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
    UNROLLED
    for (size_t i = 0; i < 4; i++) {
        a[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        a[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        a[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        a[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    UNROLLED
    for (size_t i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0xdd);
    }
}

/* Where columns of W lie in one piece: 64 words of a column are a column of each tile. */
static void pack_columns(uint8_t *out, const block *b)
{
    const __m512i order = limbs_order();
    __m512i planes[8][COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        const size_t rows = c < b->columns ? b->rows : 0;
        const uint64_t *from = b->w + c * b->col_stride;
        __m512i x[8];
        UNROLLED
        for (size_t i = 0; i < 8; i++) {
            x[i] = load_some(from, rows, 8 * i);
        }
        limbs_split(x, order, b->mask);
        UNROLLED
        for (size_t l = 0; l < 8; l++) {
            planes[l][c] = x[l];
        }
    }
    for (size_t l = 0; l < b->limbs; l++, out += RING_TILE_BYTES) {
        transpose(planes[l]);
        UNROLLED
        for (size_t r = 0; r < COLUMNS; r++) {
            _mm512_store_si512(out + r * ROW_BYTES, planes[l][r]);
        }
    }
}

void ring_pack_right_ifma(uint8_t *out, const uint64_t *w, size_t k, size_t n, size_t row_stride,
                          size_t col_stride, unsigned bits)
{
    if (row_stride != 1 && col_stride != 1) {
        ring_pack_right_ref(out, w, k, n, row_stride, col_stride, bits);
        return;
    }
    block b = {.row_stride = row_stride, .col_stride = col_stride, .limbs = ring_limbs(bits)};
    b.mask = _mm512_set1_epi64((long long)ring_mask(bits));
    for (size_t j = 0; j < n; j += COLUMNS) {
        for (size_t i = 0; i < k; i += DEPTH, out += b.limbs * RING_TILE_BYTES) {
            b.w = w + i * row_stride + j * col_stride;
            b.rows = k - i < DEPTH ? k - i : DEPTH;
            b.columns = n - j < COLUMNS ? n - j : COLUMNS;
            if (col_stride == 1) {
                pack_rows(out, &b);
            } else {
                pack_columns(out, &b);
            }
        }
    }
}
#endif
