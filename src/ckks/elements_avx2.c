#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/real_avx2.h"

#include "ckks/arith_fma.h"
#include "ckks/elements_fma.h"

ELEMENTS(ckks_elements_avx2, ckks_permute_ref);
#endif
