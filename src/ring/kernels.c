#include "ring/kernels.h"

static const ring_kernels ref = {.name = "ref",
                                 .pack = ring_pack_ref,
                                 .unpack = ring_unpack_ref,
                                 .pack_right = ring_pack_right_ref,
                                 .work_bytes = ring_work_bytes_ref,
                                 .multiply = ring_multiply_ref};

#if defined(__x86_64__)
static const ring_kernels amx = {.name = "amx",
                                 .pack = ring_pack_ref,
                                 .unpack = ring_unpack_ref,
                                 .pack_right = ring_pack_right_ifma,
                                 .pack_left = ring_pack_left_ifma,
                                 .work_bytes = ring_work_bytes_amx,
                                 .multiply = ring_multiply_amx};

const ring_kernels *ring_kernels_for(isa level)
{
    if (level >= ISA_AMX && cpu_has_ifma()) {
        return &amx;
    }
    return &ref;
}

const ring_kernels *ring_kernels_nth(size_t i)
{
    const ring_kernels *all[] = {&ref, NULL, NULL, NULL, NULL, NULL};
    size_t n = 1;
    if (cpu_best() >= ISA_AMX && cpu_has_ifma()) {
        all[n++] = &amx;
    }
    return i < n ? all[i] : NULL;
}
#else
const ring_kernels *ring_kernels_for(isa level)
{
    (void)level;
    return &ref;
}

const ring_kernels *ring_kernels_nth(size_t i)
{
    return i == 0 ? &ref : NULL;
}
#endif
