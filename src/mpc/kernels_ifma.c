#include "mpc/kernels_body.h"
#include "mpc/kernels_tables.h"

const mpc_kernels *mpc_kernels_ifma(void)
{
    static const mpc_kernels with_blocks = {KERNELS, .lookup_block = mpc_lookup_block_ifma};
    (void)table;
    return &with_blocks;
}
