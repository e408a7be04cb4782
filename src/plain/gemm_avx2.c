#include "plain/kernels.h"

#if defined(__x86_64__)
void plain_gemm_avx2(plain_kernels *t)
{
    (void)t;
}
#endif
