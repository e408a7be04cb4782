#include "mpc/limbs.h"

#include <string.h>

#include "ring/kernels.h"

/* y += x, or y += ~x + 1, with the carry from limb to limb of each of a tile's words. */
static void combine(uint8_t *restrict y, const uint8_t *restrict x, size_t bytes, unsigned limbs,
                    uint8_t flip)
{
    uint8_t carry[RING_TILE_BYTES];
    for (size_t at = 0; at < bytes; at += (size_t)limbs * RING_TILE_BYTES) {
        memset(carry, flip ? 1 : 0, sizeof carry);
        for (unsigned l = 0; l < limbs; l++) {
            uint8_t *restrict to = y + at + (size_t)l * RING_TILE_BYTES;
            const uint8_t *restrict from = x + at + (size_t)l * RING_TILE_BYTES;
            for (size_t i = 0; i < RING_TILE_BYTES; i++) {
                const unsigned sum = to[i] + (unsigned)(uint8_t)(from[i] ^ flip) + carry[i];
                to[i] = (uint8_t)sum;
                carry[i] = (uint8_t)(sum >> 8);
            }
        }
    }
}

void limbs_add(uint8_t *y, const uint8_t *x, size_t bytes, unsigned limbs)
{
    combine(y, x, bytes, limbs, 0);
}

void limbs_subtract(uint8_t *y, const uint8_t *x, size_t bytes, unsigned limbs)
{
    combine(y, x, bytes, limbs, 0xff);
}

/* Byte of word (i, j) of a tile. */
static size_t place(size_t i, size_t j)
{
    return i / 4 * 64 + j * 4 + i % 4;
}

void limbs_trim(uint8_t *y, size_t k, size_t n, unsigned bits)
{
    const unsigned limbs = ring_limbs(bits);
    const uint8_t top = (uint8_t)(0xff >> (8 * limbs - bits));
    const size_t deep = ring_tiles(k, RING_TILE_DEPTH), wide = ring_tiles(n, RING_TILE_COLUMNS);
    for (size_t j = 0; j < wide; j++) {
        const size_t columns = n - j * RING_TILE_COLUMNS;
        for (size_t i = 0; i < deep; i++, y += (size_t)limbs * RING_TILE_BYTES) {
            const size_t rows = k - i * RING_TILE_DEPTH;
            for (size_t b = 0; b < RING_TILE_BYTES; b++) {
                y[(size_t)(limbs - 1) * RING_TILE_BYTES + b] &= top;
            }
            if (rows >= RING_TILE_DEPTH && columns >= RING_TILE_COLUMNS) {
                continue;
            }
            for (size_t r = 0; r < RING_TILE_DEPTH; r++) {
                for (size_t c = 0; c < RING_TILE_COLUMNS; c++) {
                    for (unsigned l = 0; (r >= rows || c >= columns) && l < limbs; l++) {
                        y[(size_t)l * RING_TILE_BYTES + place(r, c)] = 0;
                    }
                }
            }
        }
    }
}
