#include "plain/kernels.h"

#if defined(__x86_64__)
void plain_kernels_avx2(plain_kernels *t)
{
    t->isa = "avx2";
}
#endif
