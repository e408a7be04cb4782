#include "mpc/kernels_tables.h"

const mpc_kernels *mpc_kernels_for(isa i)
{
#ifdef __x86_64__
    if (i >= ISA_AVX512 && cpu_has_ifma()) {
        return mpc_kernels_ifma();
    }
    if (i >= ISA_AVX512) {
        return mpc_kernels_avx512();
    }
    if (i >= ISA_AVX2) {
        return mpc_kernels_avx2();
    }
#endif
    (void)i;
    return mpc_kernels_ref();
}
