#include "peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

enum { CHAINS = 16 };

double peak_burst_words(size_t turns)
{
    __m512i a[CHAINS], b = _mm512_set1_epi64(12345), c = _mm512_set1_epi64(54321);
    for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm512_set1_epi64(i);
    }
    for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_madd52lo_epu64(a[i], b, c);
        }
        __asm__ volatile("" : "+v"(b)); /* or a compiler may count the turns instead */
    }
    volatile long long out;
    for (int i = 0; i < CHAINS; i++) {
        out = _mm512_reduce_add_epi64(a[i]);
    }
    (void)out;
    return (double)turns * CHAINS * 8;
}
#endif
