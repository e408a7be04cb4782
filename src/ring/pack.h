/** Words of `bits` bits as one stream of bits, little-endian: bit b of word i is bit
 * (i bits + b) % 8 of byte (i bits + b) / 8. So eight words are exactly `bits` bytes. What is
 * behind the last word in its last byte is zero when packed, and ignored when unpacked.
 *
 * No byte beside the ring_packed_bytes(n, bits) is read or written. x and the bytes are apart.
 * Cost: one pass; at most a few cycles a word.
 */
#ifndef TACIT_RING_PACK_H
#define TACIT_RING_PACK_H

#include "ring/ring.h"

/** n * bits / 8, rounded up; never overflows for words that are in memory. */
static inline size_t ring_packed_bytes(size_t n, unsigned bits)
{
    return n / 8 * bits + (n % 8 * bits + 7) / 8;
}

/** n words, of each its low `bits` bits. */
void ring_pack(const ring_kernels *k, uint8_t *out, const uint64_t *x, size_t n, unsigned bits);

void ring_unpack(const ring_kernels *k, uint64_t *x, const uint8_t *in, size_t n, unsigned bits);

#endif
