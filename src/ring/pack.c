#include "ring/pack.h"

#include <string.h>

#include "base/status.h"
#include "ring/kernels.h"

/* The last group goes through a whole one. */
enum { GROUP = 8 };

void ring_pack(const ring_kernels *k, uint8_t *out, const uint64_t *x, size_t n, unsigned bits)
{
    CHECK(bits >= 1 && bits <= RING_MAX_BITS);
    const size_t whole = n / GROUP, rest = n % GROUP;
    k->pack(out, x, whole, bits);
    if (rest > 0) {
        uint64_t words[GROUP] = {0};
        uint8_t bytes[RING_MAX_BITS];
        memcpy(words, x + whole * GROUP, rest * sizeof *x);
        k->pack(bytes, words, 1, bits);
        memcpy(out + whole * bits, bytes, ring_packed_bytes(rest, bits));
    }
}

void ring_unpack(const ring_kernels *k, uint64_t *x, const uint8_t *in, size_t n, unsigned bits)
{
    CHECK(bits >= 1 && bits <= RING_MAX_BITS);
    const size_t whole = n / GROUP, rest = n % GROUP;
    k->unpack(x, in, whole, bits);
    if (rest > 0) {
        uint64_t words[GROUP];
        uint8_t bytes[RING_MAX_BITS] = {0};
        memcpy(bytes, in + whole * bits, ring_packed_bytes(rest, bits));
        k->unpack(words, bytes, 1, bits);
        memcpy(x + whole * GROUP, words, rest * sizeof *x);
    }
}
