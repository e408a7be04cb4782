#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/real_avx512.h"

#include "ckks/arith_fma.h"
#include "ckks/elements_fma.h"

void ckks_permute_avx512(uint64_t *z, const uint64_t *x, const uint32_t *table, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const __m256i from = _mm256_loadu_si256((const __m256i *)(table + i));
        _mm512_storeu_si512(z + i, _mm512_i32gather_epi64(from, x, 8));
    }
}

ELEMENTS(ckks_elements_avx512, ckks_permute_avx512);
#endif
