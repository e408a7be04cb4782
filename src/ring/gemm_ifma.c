#include "ring/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "base/unroll.h"

/* The low 52 bits of the product of the low 52 bits of both; sums may pass bit 64, since only what
 * is below bit 52 is kept. */
ALWAYS_INLINE __m512i multiply_add(__m512i sum, __m512i a, __m512i w)
{
    return _mm512_madd52lo_epu64(sum, a, w);
}

#include "ring/words_avx512.h"

enum { IFMA_BITS = 52 };

void ring_multiply_ifma(const ring_product *g, size_t row, size_t row_end, size_t column,
                        size_t column_end, void *work)
{
    if (g->w->bits <= IFMA_BITS) {
        multiply_words(g, row, row_end, column, column_end, work);
    } else {
        ring_multiply_avx512(g, row, row_end, column, column_end, work);
    }
}
#endif
