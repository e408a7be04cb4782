/** Sums of packed right operands (ring/gemm.h), in the packed form itself: word by word mod
 * 256^limbs. `bytes` is a multiple of limbs * 1024. */
#ifndef TACIT_MPC_LIMBS_H
#define TACIT_MPC_LIMBS_H

#include <stddef.h>
#include <stdint.h>

void limbs_add(uint8_t *y, const uint8_t *x, size_t bytes, unsigned limbs);
void limbs_subtract(uint8_t *y, const uint8_t *x, size_t bytes, unsigned limbs);

/** Clear what a packed k × n matrix must have zero: bits above `bits`, rows and columns that are
 * not there. */
void limbs_trim(uint8_t *y, size_t k, size_t n, unsigned bits);

#endif
