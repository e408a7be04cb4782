#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 12 };

double peak_burst_avx2(size_t turns)
{
    volatile float out;
    __m256 a[CHAINS], b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(0.001f);
    for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm256_set1_ps((float)i);
    }
    for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm256_fmadd_ps(a[i], b, c);
        }
    }
    for (int i = 0; i < CHAINS; i++) {
        out = _mm256_cvtss_f32(a[i]);
    }
    (void)out;
    return (double)turns * CHAINS * 16;
}
#endif
