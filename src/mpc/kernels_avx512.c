#include "mpc/kernels_body.h"
#include "mpc/kernels_tables.h"

const mpc_kernels *mpc_kernels_avx512(void)
{
    return &table;
}
