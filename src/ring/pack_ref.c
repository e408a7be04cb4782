#include "ring/kernels.h"

enum { GROUP = 8 };

void ring_pack_ref(uint8_t *out, const uint64_t *x, size_t groups, unsigned bits)
{
    const uint64_t mask = ring_mask(bits);
    for (size_t g = 0; g < groups; g++, x += GROUP) {
        uint64_t held = 0; /* bits that make no eight bytes yet */
        unsigned n_held = 0;
        for (size_t i = 0; i < GROUP; i++) {
            const uint64_t word = x[i] & mask;
            held |= word << n_held;
            n_held += bits;
            if (n_held >= 64) {
                ring_store64(out, held);
                out += 8;
                n_held -= 64;
                held = n_held ? word >> (bits - n_held) : 0;
            }
        }
        for (; n_held > 0; n_held -= 8, held >>= 8) {
            *out++ = (uint8_t)held;
        }
    }
}

/* The word that begins at a bit of a group, of which eight bytes from its first on may be read,
 * and a ninth where it reaches into one. */
static uint64_t word_at(const uint8_t *in, unsigned bit, unsigned bits)
{
    const unsigned shift = bit % 8;
    const uint64_t low = ring_load64(in + bit / 8) >> shift;
    return shift + bits > 64 ? low | (uint64_t)in[bit / 8 + 8] << (64 - shift) : low;
}

static uint64_t word_slowly(const uint8_t *in, unsigned bit, unsigned bits)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < bits; i++, bit++) {
        word |= (uint64_t)(in[bit / 8] >> bit % 8 & 1) << i;
    }
    return word;
}

void ring_unpack_ref(uint64_t *x, const uint8_t *in, size_t groups, unsigned bits)
{
    const uint64_t mask = ring_mask(bits);
    for (size_t g = 0; g < groups; g++, x += GROUP, in += bits) {
        const size_t left = (groups - g) * bits; /* bytes that may be read */
        for (unsigned i = 0; i < GROUP; i++) {
            const unsigned bit = i * bits;
            x[i] = bit / 8 + 8 <= left ? word_at(in, bit, bits) & mask : word_slowly(in, bit, bits);
        }
    }
}
