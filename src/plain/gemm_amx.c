#include "plain/kernels.h"

#if defined(__x86_64__)
void plain_gemm_amx(plain_kernels *t)
{
    (void)t;
}
#endif
