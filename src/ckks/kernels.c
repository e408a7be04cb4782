#include "ckks/kernels.h"

static const ckks_kernels ref = {
    .name = "ref", .ntt = &ckks_ntt_ref, .elements = &ckks_elements_ref, .sums = &ckks_sums_ref};

const ckks_kernels *ckks_kernels_nth(size_t i)
{
    return i == 0 ? &ref : NULL;
}

const ckks_kernels *ckks_kernels_for(isa level)
{
    (void)level;
    return &ref;
}
