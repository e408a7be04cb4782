#include "ring/kernels.h"

static const ring_kernels ref = {.name = "ref",
                                 .pack = ring_pack_ref,
                                 .unpack = ring_unpack_ref,
                                 .pack_right = ring_pack_right_ref,
                                 .work_bytes = ring_work_bytes_ref,
                                 .multiply = ring_multiply_ref};

#if defined(__x86_64__)
static const ring_kernels avx2 = {.name = "avx2",
                                  .pack = ring_pack_ref,
                                  .unpack = ring_unpack_ref,
                                  .pack_right = ring_pack_right_ref,
                                  .work_bytes = ring_work_bytes_ref,
                                  .multiply = ring_multiply_avx2};

static const ring_kernels avx512 = {.name = "avx512",
                                    .pack = ring_pack_ref,
                                    .unpack = ring_unpack_ref,
                                    .pack_right = ring_pack_right_ref,
                                    .work_bytes = ring_work_bytes_avx512,
                                    .multiply = ring_multiply_avx512};

static const ring_kernels ifma = {.name = "avx512-ifma",
                                  .pack = ring_pack_ifma,
                                  .unpack = ring_unpack_ifma,
                                  .pack_right = ring_pack_right_ifma,
                                  .work_bytes = ring_work_bytes_avx512,
                                  .multiply = ring_multiply_ifma};

static const ring_kernels amx = {.name = "amx",
                                 .pack = ring_pack_ifma,
                                 .unpack = ring_unpack_ifma,
                                 .pack_right = ring_pack_right_ifma,
                                 .pack_left = ring_pack_left_ifma,
                                 .work_bytes = ring_work_bytes_amx,
                                 .multiply = ring_multiply_amx};

const ring_kernels *ring_kernels_nth(size_t i)
{
    const isa best = cpu_best();
    const bool bytes = cpu_has_ifma(); /* in any order */
    const ring_kernels *const all[] = {
        &ref, best >= ISA_AVX2 ? &avx2 : NULL, best >= ISA_AVX512 ? &avx512 : NULL,
        best >= ISA_AVX512 && bytes ? &ifma : NULL, best >= ISA_AMX && bytes ? &amx : NULL};
    for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
        if (all[j] && i-- == 0) {
            return all[j];
        }
    }
    return NULL;
}

const ring_kernels *ring_kernels_for(isa level)
{
    switch (level) {
    case ISA_REF:
        return &ref;
    case ISA_AVX2:
        return &avx2;
    case ISA_AVX512:
        return cpu_has_ifma() ? &ifma : &avx512;
    default:
        return cpu_has_ifma() ? &amx : &avx512;
    }
}
#else
const ring_kernels *ring_kernels_nth(size_t i)
{
    return i == 0 ? &ref : NULL;
}

const ring_kernels *ring_kernels_for(isa level)
{
    (void)level;
    return &ref;
}
#endif
