#include "ring/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "base/unroll.h"

ALWAYS_INLINE __m512i multiply_add(__m512i sum, __m512i a, __m512i w)
{
    return _mm512_add_epi64(sum, _mm512_mullo_epi64(a, w));
}

#include "ring/words_avx512.h"

size_t ring_work_bytes_avx512(size_t row_tiles, unsigned limbs)
{
    (void)row_tiles;
    (void)limbs;
    return sizeof(uint64_t) * DEPTH * RING_TILE_COLUMNS;
}

void ring_multiply_avx512(const ring_product *g, size_t row, size_t row_end, size_t column,
                          size_t column_end, void *work)
{
    multiply_words(g, row, row_end, column, column_end, work);
}
#endif
