#include "plain/kernels.h"

void plain_kernels_pick(plain_kernels *out, isa level)
{
    plain_kernels_ref(out);
#if defined(__x86_64__)
    if (level >= ISA_AVX2) {
        plain_kernels_avx2(out);
    }
    if (level >= ISA_AVX512) {
        plain_kernels_avx512(out);
    }
    if (level >= ISA_AMX) {
        plain_kernels_amx(out);
    }
#else
    (void)level;
#endif
}
