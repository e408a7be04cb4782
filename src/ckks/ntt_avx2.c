#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/real_avx2.h"

#include "ckks/arith_fma.h"
#include "ckks/ntt_fma.h"

const ckks_ntt_kernels ckks_ntt_avx2 = {table_words, table_fill, forward, inverse};
#endif
