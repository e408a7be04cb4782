#include "plain/kernels.h"

#if defined(__x86_64__)
void plain_kernels_amx(plain_kernels *t)
{
    t->isa = "amx";
}
#endif
