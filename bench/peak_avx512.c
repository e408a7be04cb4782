#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 16 };

double peak_burst_avx512(size_t turns)
{
    volatile float out;
    __m512 a[CHAINS], b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(0.001f);
    for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm512_set1_ps((float)i);
    }
    for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_fmadd_ps(a[i], b, c);
        }
    }
    for (int i = 0; i < CHAINS; i++) {
        out = _mm512_cvtss_f32(a[i]);
    }
    (void)out;
    return (double)turns * CHAINS * 32;
}
#endif
