#include "plain/kernels.h"

#if defined(__x86_64__)
#include "plain/vec_avx2.h"

#include "plain/vec_pointwise.h"

void plain_pointwise_avx2(plain_kernels *t)
{
    t->weights = weights;
    t->activate = activate;
    t->normalise = normalise;
}
#endif
