/** Limb sums of one tile to words of C. Only files compiled for AVX-512 include it.
 *
 * sums holds `limbs` groups, each 16 × 16 sums of 32 bits; the word is the sum of
 * group[g] 2^(8 g), g being below limbs. Of groups 4 and above only what is below 2^32 counts,
 * since they begin at bit 32: they are added in lanes of 32 bits.
 */
#ifndef TACIT_RING_COMBINE_AMX_H
#define TACIT_RING_COMBINE_AMX_H

#include <immintrin.h>

#include "base/unroll.h"
#include "ring/kernels.h"

typedef struct {
    __m512i first, second; /* columns 0 to 7 and 8 to 15 */
} combined;

/* Row `sums` of the groups. VPMULUDQ takes every second lane and shifts it. */
ALWAYS_INLINE combined combine_row(const uint8_t *sums, size_t limbs)
{
    const __m512i group0 = _mm512_load_si512(sums);
    __m512i even = _mm512_and_si512(group0, _mm512_set1_epi64(0xffffffff));
    __m512i odd = _mm512_srli_epi64(group0, 32);
    UNROLLED
    for (size_t g = 1; g < limbs && g < 4; g++) {
        const __m512i x = _mm512_load_si512(sums + g * RING_TILE_BYTES);
        const __m512i shift = _mm512_set1_epi64(1LL << 8 * g);
        even = _mm512_add_epi64(even, _mm512_mul_epu32(x, shift));
        odd = _mm512_add_epi64(odd, _mm512_mul_epu32(_mm512_srli_epi64(x, 32), shift));
    }
    if (limbs > 4) {
        __m512i high = _mm512_load_si512(sums + 4 * RING_TILE_BYTES);
        UNROLLED
        for (size_t g = 5; g < limbs; g++) {
            const __m512i x = _mm512_load_si512(sums + g * RING_TILE_BYTES);
            high = _mm512_add_epi32(high, _mm512_slli_epi32(x, 8 * ((unsigned)g - 4)));
        }
        even = _mm512_add_epi64(even, _mm512_slli_epi64(high, 32));
        odd = _mm512_add_epi64(odd, _mm512_maskz_mov_epi32(0xaaaa, high));
    }
    const __m512i low_half = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
    const __m512i high_half = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    return (combined){_mm512_permutex2var_epi64(even, low_half, odd),
                      _mm512_permutex2var_epi64(even, high_half, odd)};
}

ALWAYS_INLINE void put_words(uint64_t *c, __mmask8 there, __m512i sum, __m512i mask, ring_op op)
{
    if (op != RING_SET) {
        const __m512i old = _mm512_maskz_loadu_epi64(there, c);
        sum = op == RING_ADD ? _mm512_add_epi64(old, sum) : _mm512_sub_epi64(old, sum);
    }
    _mm512_mask_storeu_epi64(c, there, _mm512_and_si512(sum, mask));
}

/* At most 16 rows and columns of C. limbs is a constant to the compiler. */
ALWAYS_INLINE void combine_tile(uint64_t *c, size_t ldc, size_t rows, size_t columns,
                                const uint8_t *sums, size_t limbs, uint64_t low, ring_op op)
{
    const __m512i mask = _mm512_set1_epi64((long long)low);
    const unsigned lanes = (1u << columns) - 1;
    for (size_t i = 0; i < rows; i++, c += ldc, sums += RING_TILE_BYTES / RING_TILE_ROWS) {
        const combined x = combine_row(sums, limbs);
        put_words(c, (__mmask8)lanes, x.first, mask, op);
        put_words(c + 8, (__mmask8)(lanes >> 8), x.second, mask, op);
    }
}

#endif
