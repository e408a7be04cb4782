/** Words mod 2^bits, 1 <= bits <= 64: bit packing (pack.h), streams of random words (stream.h) and
 * matrix products (gemm.h), over one table of kernels per instruction set.
 *
 * A word is a uint64_t. What goes in need not be reduced: only its low bits count. What comes out
 * is. Every table gives the same words, bit for bit. This room knows neither shares nor protocols.
 */
#ifndef TACIT_RING_RING_H
#define TACIT_RING_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

enum { RING_MAX_BITS = 64 };

/** 2^bits - 1. */
static inline uint64_t ring_mask(unsigned bits)
{
    return UINT64_MAX >> (RING_MAX_BITS - bits);
}

/** Bytes that a word takes where every byte stands by itself. */
static inline unsigned ring_limbs(unsigned bits)
{
    return (bits + 7) / 8;
}

typedef struct ring_kernels ring_kernels;

/** The table for a level that this processor has (cpu_pick). It lives for ever. */
const ring_kernels *ring_kernels_for(isa level);

#endif
