/** One table for each instruction set; kernels.c picks. */
#ifndef TACIT_MPC_KERNELS_TABLES_H
#define TACIT_MPC_KERNELS_TABLES_H

#include "mpc/kernels.h"

const mpc_kernels *mpc_kernels_ref(void);
const mpc_kernels *mpc_kernels_avx2(void);
const mpc_kernels *mpc_kernels_avx512(void);

#endif
