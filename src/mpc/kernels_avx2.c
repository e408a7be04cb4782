#include "mpc/kernels_body.h"
#include "mpc/kernels_tables.h"

const mpc_kernels *mpc_kernels_avx2(void)
{
    return &table;
}
