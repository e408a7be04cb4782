#include "plain/kernels.h"

void plain_kernels_pick(plain_kernels *out, isa level)
{
    plain_kernels_ref(out);
#if defined(__x86_64__)
    out->isa = cpu_isa_name(level);
    if (level >= ISA_AVX2) {
        plain_gemm_avx2(out);
        plain_pointwise_avx2(out);
    }
    if (level >= ISA_AVX512) {
        plain_gemm_avx512(out);
        plain_pack_avx512(out);
        plain_pointwise_avx512(out);
    }
    if (level >= ISA_AMX) {
        plain_gemm_amx(out);
        plain_pack_amx(out);
    }
#else
    (void)level;
#endif
}
