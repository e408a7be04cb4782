/** Words to byte limbs, 64 at a time, in registers. Only files compiled for AVX-512 VBMI include
 * it. */
#ifndef TACIT_RING_LIMBS_IFMA_H
#define TACIT_RING_LIMBS_IFMA_H

#include <immintrin.h>
#include <stddef.h>

#include "base/unroll.h"

/* Byte 8 i + e of the result is byte 8 e + i: limb i of each of eight words together. */
static inline __m512i limbs_order(void)
{
    const __m512i row = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i spread =
        _mm512_shuffle_epi8(row, _mm512_set4_epi32(0x08080808, 0x08080808, 0, 0));
    const __m512i steps = _mm512_set1_epi64(0x3830282018100800);
    return _mm512_or_si512(spread, steps);
}

/* r[i] lane j <-> r[j] lane i, lanes of 64 bits. */
ALWAYS_INLINE void limbs_transpose(__m512i r[8])
{
    __m512i a[8], b[8];
    UNROLLED
    for (size_t i = 0; i < 4; i++) {
        a[i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
        a[i + 4] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
    }
    UNROLLED
    for (size_t i = 0; i < 8; i += 4) { /* lanes of 128 bits: 0, 2 and 1, 3 */
        b[i] = _mm512_shuffle_i64x2(a[i], a[i + 1], 0x88);
        b[i + 1] = _mm512_shuffle_i64x2(a[i + 2], a[i + 3], 0x88);
        b[i + 2] = _mm512_shuffle_i64x2(a[i], a[i + 1], 0xdd);
        b[i + 3] = _mm512_shuffle_i64x2(a[i + 2], a[i + 3], 0xdd);
    }
    UNROLLED
    for (size_t i = 0; i < 2; i++) {
        r[i] = _mm512_shuffle_i64x2(b[4 * i], b[4 * i + 1], 0x88);
        r[i + 4] = _mm512_shuffle_i64x2(b[4 * i], b[4 * i + 1], 0xdd);
        r[i + 2] = _mm512_shuffle_i64x2(b[4 * i + 2], b[4 * i + 3], 0x88);
        r[i + 6] = _mm512_shuffle_i64x2(b[4 * i + 2], b[4 * i + 3], 0xdd);
    }
}

/* Of 64 words in eight registers: limb l of word i becomes byte i of x[l]. */
ALWAYS_INLINE void limbs_split(__m512i x[8], __m512i order, __m512i mask)
{
    UNROLLED
    for (size_t i = 0; i < 8; i++) {
        x[i] = _mm512_permutexvar_epi8(order, _mm512_and_si512(x[i], mask));
    }
    limbs_transpose(x);
}

#endif
