/** One table for each instruction set; kernels.c picks. */
#ifndef TACIT_MPC_KERNELS_TABLES_H
#define TACIT_MPC_KERNELS_TABLES_H

#include "mpc/kernels.h"

const mpc_kernels *mpc_kernels_ref(void);
const mpc_kernels *mpc_kernels_avx2(void);
const mpc_kernels *mpc_kernels_avx512(void);
const mpc_kernels *mpc_kernels_ifma(void);

/** kernels.h's lookup_block with VBMI. */
bool mpc_lookup_block_ifma(uint64_t *y, const uint64_t *angles, const uint8_t *words, size_t n,
                           const lookup *t, const double *gain);

#endif
