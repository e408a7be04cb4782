#include "ckks/kernels.h"

static const ckks_kernels ref = {
    .name = "ref", .ntt = &ckks_ntt_ref, .elements = &ckks_elements_ref, .sums = &ckks_sums_ref};

#if defined(__x86_64__)
static const ckks_kernels avx2 = {.name = "avx2",
                                  .ntt = &ckks_ntt_avx2,
                                  .elements = &ckks_elements_avx2,
                                  .sums = &ckks_sums_avx2};

static const ckks_kernels avx512 = {.name = "avx512",
                                    .ntt = &ckks_ntt_avx512,
                                    .elements = &ckks_elements_avx512,
                                    .sums = &ckks_sums_avx512};

static const ckks_kernels ifma = {.name = "avx512-ifma",
                                  .ntt = &ckks_ntt_ifma,
                                  .elements = &ckks_elements_ifma,
                                  .sums = &ckks_sums_ifma};

const ckks_kernels *ckks_kernels_nth(size_t i)
{
    const isa best = cpu_best();
    const ckks_kernels *const all[] = {&ref, best >= ISA_AVX2 ? &avx2 : NULL,
                                       best >= ISA_AVX512 ? &avx512 : NULL,
                                       best >= ISA_AVX512 && cpu_has_ifma() ? &ifma : NULL};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
        if (all[j] && i-- == 0) {
            return all[j];
        }
    }
    return NULL;
}

const ckks_kernels *ckks_kernels_for(isa level)
{
    if (level >= ISA_AVX512) {
        return cpu_has_ifma() ? &ifma : &avx512;
    }
    return level == ISA_AVX2 ? &avx2 : &ref;
}
#else
const ckks_kernels *ckks_kernels_nth(size_t i)
{
    return i == 0 ? &ref : NULL;
}

const ckks_kernels *ckks_kernels_for(isa level)
{
    (void)level;
    return &ref;
}
#endif
