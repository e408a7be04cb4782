/** Byte limbs of 64 rows of a column tile to words. Only files compiled for AVX-512 include it. */
#ifndef TACIT_RING_PANEL_AVX512_H
#define TACIT_RING_PANEL_AVX512_H

#include <immintrin.h>

#include "base/unroll.h"
#include "ring/kernels.h"

/* Four limbs of four rows: out[c] has in each 128 bits, of the c-th of four columns, four halves
 * of words, one of each row. */
ALWAYS_INLINE void panel_halves(__m512i out[4], const __m512i v[4])
{
    const __m512i low01 = _mm512_unpacklo_epi8(v[0], v[1]);
    const __m512i high01 = _mm512_unpackhi_epi8(v[0], v[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(v[2], v[3]);
    const __m512i high23 = _mm512_unpackhi_epi8(v[2], v[3]);
    out[0] = _mm512_unpacklo_epi16(low01, low23);
    out[1] = _mm512_unpackhi_epi16(low01, low23);
    out[2] = _mm512_unpacklo_epi16(high01, high23);
    out[3] = _mm512_unpackhi_epi16(high01, high23);
}

/* A row of 16 words whose columns 4 q and 4 q + 1 are the q-th 128 bits of x, the next two of y. */
ALWAYS_INLINE void panel_store(uint64_t *out, __m512i x, __m512i y)
{
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    _mm512_store_si512(out, _mm512_permutex2var_epi64(x, first, y));
    _mm512_store_si512(out + 8, _mm512_permutex2var_epi64(x, second, y));
}

/* 64 × 16 words. */
static void panel_unpack(uint64_t *out, const uint8_t *tiles, size_t limbs)
{
    for (size_t r = 0; r < RING_TILE_DEPTH; r += 4, tiles += 64, out += 4 * RING_TILE_COLUMNS) {
        __m512i v[8], low[4], high[4], early[4], late[4];
        UNROLLED
        for (size_t l = 0; l < 8; l++) {
            v[l] =
                l < limbs ? _mm512_load_si512(tiles + l * RING_TILE_BYTES) : _mm512_setzero_si512();
        }
        panel_halves(low, v);
        panel_halves(high, v + 4);
        UNROLLED
        for (size_t c = 0; c < 4; c++) {
            early[c] = _mm512_unpacklo_epi32(low[c], high[c]); /* rows 0 and 1 */
            late[c] = _mm512_unpackhi_epi32(low[c], high[c]);
        }
        panel_store(out, _mm512_unpacklo_epi64(early[0], early[1]),
                    _mm512_unpacklo_epi64(early[2], early[3]));
        panel_store(out + 16, _mm512_unpackhi_epi64(early[0], early[1]),
                    _mm512_unpackhi_epi64(early[2], early[3]));
        panel_store(out + 32, _mm512_unpacklo_epi64(late[0], late[1]),
                    _mm512_unpacklo_epi64(late[2], late[3]));
        panel_store(out + 48, _mm512_unpackhi_epi64(late[0], late[1]),
                    _mm512_unpackhi_epi64(late[2], late[3]));
    }
}

#endif
