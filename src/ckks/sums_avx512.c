#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/real_avx512.h"

#include "ckks/arith_fma.h"
#include "ckks/sums_fma.h"

const ckks_sum_kernels ckks_sums_avx512 = {.dot = dot, .convert = convert};
#endif
