/** Sums of limb products on tiles. Only files compiled for AMX include it.
 *
 * a and b point to the limbs of one place of A and W, lowest first, each a tile of RING_TILE_BYTES.
 * Group g is the sum of a[i] b[g - i] over all i; it stays in one tile register for all of a chunk.
 * Which operand is kept while which others pass by is chosen so that few tiles are loaded: a load
 * takes half the time of a product, and they overlap where there are not more loads than products.
 */
#ifndef TACIT_RING_SUMS_AMX_H
#define TACIT_RING_SUMS_AMX_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unroll.h"
#include "ring/kernels.h"

enum { SUM_ROW_BYTES = 64 };

ALWAYS_INLINE const uint8_t *limb(const uint8_t *p, size_t i)
{
    return p + i * RING_TILE_BYTES;
}

/* One limb: group 0. */
ALWAYS_INLINE void add_low_1(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(5, limb(a, 0), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 5, 6);
}

/* Groups 0 and 1. */
ALWAYS_INLINE void add_low_2(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(4, limb(a, 0), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 4, 6);
    _tile_loadd(7, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 7);
    _tile_loadd(5, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 5, 7);
}

/* Groups 0 to 2: six products, six loads. */
ALWAYS_INLINE void add_low_3(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(4, limb(a, 0), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 6);
    _tile_loadd(7, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 4, 7);
    _tile_loadd(5, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(2, 5, 7);
    _tile_loadd(6, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 6);
    _tile_dpbuud(1, 5, 6);
    _tile_loadd(7, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 7, 6);
}

/* Groups 0 to 3: ten products, eight loads. */
ALWAYS_INLINE void add_low_4(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(4, limb(a, 0), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 3), SUM_ROW_BYTES);
    _tile_dpbuud(3, 4, 6);
    _tile_loadd(7, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 7);
    _tile_loadd(5, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(3, 5, 7);
    _tile_loadd(6, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 4, 6);
    _tile_dpbuud(2, 5, 6);
    _tile_loadd(7, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 7);
    _tile_dpbuud(1, 5, 7);
    _tile_loadd(4, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(3, 4, 6);
    _tile_dpbuud(2, 4, 7);
    _tile_loadd(5, limb(a, 3), SUM_ROW_BYTES);
    _tile_dpbuud(3, 5, 7);
}

/* Groups 0 to 4: fifteen products, thirteen loads into the three registers that are left. */
ALWAYS_INLINE void add_low_5(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(5, limb(a, 0), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 5, 6);
    _tile_loadd(7, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 5, 7);
    _tile_loadd(5, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 5, 6);
    _tile_dpbuud(2, 5, 7);
    _tile_loadd(5, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 5, 6);
    _tile_dpbuud(3, 5, 7);
    _tile_loadd(5, limb(a, 3), SUM_ROW_BYTES);
    _tile_dpbuud(3, 5, 6);
    _tile_dpbuud(4, 5, 7);
    _tile_loadd(5, limb(a, 4), SUM_ROW_BYTES);
    _tile_dpbuud(4, 5, 6);
    _tile_loadd(5, limb(a, 2), SUM_ROW_BYTES);
    _tile_loadd(6, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(4, 5, 6);
    _tile_loadd(5, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(3, 5, 6);
    _tile_loadd(7, limb(b, 3), SUM_ROW_BYTES);
    _tile_dpbuud(4, 5, 7);
    _tile_loadd(5, limb(a, 0), SUM_ROW_BYTES);
    _tile_dpbuud(2, 5, 6);
    _tile_dpbuud(3, 5, 7);
    _tile_loadd(6, limb(b, 4), SUM_ROW_BYTES);
    _tile_dpbuud(4, 5, 6);
}

/* Groups 0 to 5: twenty-one products, twenty-two loads into the two registers that are left. */
ALWAYS_INLINE void add_low_6(const uint8_t *a, const uint8_t *b)
{
    _tile_loadd(6, limb(a, 3), SUM_ROW_BYTES);
    _tile_loadd(7, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(6, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(4, 6, 7);
    _tile_loadd(6, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(3, 6, 7);
    _tile_loadd(7, limb(b, 4), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(6, limb(a, 0), SUM_ROW_BYTES);
    _tile_dpbuud(4, 6, 7);
    _tile_loadd(7, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 6, 7);
    _tile_loadd(7, limb(b, 5), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(7, limb(b, 3), SUM_ROW_BYTES);
    _tile_dpbuud(3, 6, 7);
    _tile_loadd(6, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(4, 6, 7);
    _tile_loadd(6, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(7, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(2, 6, 7);
    _tile_loadd(6, limb(a, 3), SUM_ROW_BYTES);
    _tile_dpbuud(3, 6, 7);
    _tile_loadd(6, limb(a, 5), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(6, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 6, 7);
    _tile_loadd(6, limb(a, 4), SUM_ROW_BYTES);
    _tile_dpbuud(4, 6, 7);
    _tile_loadd(6, limb(a, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 6, 7);
    _tile_loadd(7, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(1, 6, 7);
    _tile_loadd(6, limb(a, 1), SUM_ROW_BYTES);
    _tile_dpbuud(2, 6, 7);
    _tile_loadd(6, limb(a, 4), SUM_ROW_BYTES);
    _tile_dpbuud(5, 6, 7);
    _tile_loadd(6, limb(a, 3), SUM_ROW_BYTES);
    _tile_dpbuud(4, 6, 7);
    _tile_loadd(6, limb(a, 2), SUM_ROW_BYTES);
    _tile_dpbuud(3, 6, 7);
}

/* Groups limbs - 3, limbs - 2 and limbs - 1 in tiles 0 to 2, limbs being 7 or 8 and a constant: as
 * i grows by one, each limb of W moves on by one group, so three of them wait in registers,
 * b[j] in number 5 + j % 3. Two loads for three products. */
ALWAYS_INLINE void add_high_3(const uint8_t *a, const uint8_t *b, size_t limbs)
{
    const uint8_t *from = a;
    if (limbs == 8) {
        _tile_loadd(6, limb(b, 7), SUM_ROW_BYTES);
        _tile_loadd(3, from, SUM_ROW_BYTES);
        _tile_dpbuud(2, 3, 6);
        _tile_loadd(5, limb(b, 6), SUM_ROW_BYTES);
        _tile_dpbuud(1, 3, 5);
        _tile_loadd(7, limb(b, 5), SUM_ROW_BYTES);
        _tile_dpbuud(0, 3, 7);
        from += RING_TILE_BYTES;
    }
    if (limbs == 7) {
        _tile_loadd(5, limb(b, 6), SUM_ROW_BYTES);
        _tile_loadd(7, limb(b, 5), SUM_ROW_BYTES);
    }
    _tile_loadd(4, from, SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 5);
    _tile_dpbuud(1, 4, 7);
    _tile_loadd(6, limb(b, 4), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 6);
    from += RING_TILE_BYTES;
    _tile_loadd(3, limb(from, 0), SUM_ROW_BYTES);
    _tile_dpbuud(2, 3, 7);
    _tile_dpbuud(1, 3, 6);
    _tile_loadd(5, limb(b, 3), SUM_ROW_BYTES);
    _tile_dpbuud(0, 3, 5);
    _tile_loadd(4, limb(from, 1), SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 6);
    _tile_dpbuud(1, 4, 5);
    _tile_loadd(7, limb(b, 2), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 7);
    _tile_loadd(3, limb(from, 2), SUM_ROW_BYTES);
    _tile_dpbuud(2, 3, 5);
    _tile_dpbuud(1, 3, 7);
    _tile_loadd(6, limb(b, 1), SUM_ROW_BYTES);
    _tile_dpbuud(0, 3, 6);
    _tile_loadd(4, limb(from, 3), SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 7);
    _tile_dpbuud(1, 4, 6);
    _tile_loadd(5, limb(b, 0), SUM_ROW_BYTES);
    _tile_dpbuud(0, 4, 5);
    _tile_loadd(3, limb(from, 4), SUM_ROW_BYTES);
    _tile_dpbuud(2, 3, 6);
    _tile_dpbuud(1, 3, 5);
    _tile_loadd(4, limb(from, 5), SUM_ROW_BYTES);
    _tile_dpbuud(2, 4, 5);
}

ALWAYS_INLINE void add_low(const uint8_t *a, const uint8_t *b, size_t groups)
{
    switch (groups) {
    case 1:
        add_low_1(a, b);
        break;
    case 2:
        add_low_2(a, b);
        break;
    case 3:
        add_low_3(a, b);
        break;
    case 4:
        add_low_4(a, b);
        break;
    case 5:
        add_low_5(a, b);
        break;
    default:
        add_low_6(a, b);
    }
}

/* Sums of `groups` groups, at most six, to tiles 0, 1, …: from memory, or zero. */
ALWAYS_INLINE void begin_sums(const uint8_t *sums, size_t groups, bool fresh)
{
    if (fresh) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        _tile_zero(4);
        if (groups > 5) {
            _tile_zero(5);
        }
        return;
    }
    _tile_loadd(0, limb(sums, 0), SUM_ROW_BYTES);
    if (groups > 1) {
        _tile_loadd(1, limb(sums, 1), SUM_ROW_BYTES);
    }
    if (groups > 2) {
        _tile_loadd(2, limb(sums, 2), SUM_ROW_BYTES);
    }
    if (groups > 3) {
        _tile_loadd(3, limb(sums, 3), SUM_ROW_BYTES);
    }
    if (groups > 4) {
        _tile_loadd(4, limb(sums, 4), SUM_ROW_BYTES);
    }
    if (groups > 5) {
        _tile_loadd(5, limb(sums, 5), SUM_ROW_BYTES);
    }
}

ALWAYS_INLINE void end_sums(uint8_t *sums, size_t groups)
{
    _tile_stored(0, sums, SUM_ROW_BYTES);
    if (groups > 1) {
        _tile_stored(1, sums + RING_TILE_BYTES, SUM_ROW_BYTES);
    }
    if (groups > 2) {
        _tile_stored(2, sums + 2 * RING_TILE_BYTES, SUM_ROW_BYTES);
    }
    if (groups > 3) {
        _tile_stored(3, sums + 3 * RING_TILE_BYTES, SUM_ROW_BYTES);
    }
    if (groups > 4) {
        _tile_stored(4, sums + 4 * RING_TILE_BYTES, SUM_ROW_BYTES);
    }
    if (groups > 5) {
        _tile_stored(5, sums + 5 * RING_TILE_BYTES, SUM_ROW_BYTES);
    }
}

/* Stores a tile that nobody reads: where none was stored while about 128 products were made, the
 * next store takes a quarter of a microsecond longer (measured on Sapphire Rapids). */
ALWAYS_INLINE void stay_awake(uint8_t *unused)
{
    _tile_stored(0, unused, SUM_ROW_BYTES);
}

#endif
