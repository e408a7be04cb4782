#include "ring/kernels.h"

#if defined(__x86_64__)
#include <string.h>

#include "ring/limbs_ifma.h"

/* 64 words of which the first n are there. */
static inline void load_words(__m512i x[8], const uint64_t *a, size_t n)
{
    if (n >= RING_TILE_DEPTH) {
        for (size_t i = 0; i < 8; i++) {
            x[i] = _mm512_loadu_si512(a + 8 * i);
        }
        return;
    }
    for (size_t i = 0; i < 8; i++) {
        const size_t here = n < 8 * i ? 0 : n - 8 * i < 8 ? n - 8 * i : 8;
        x[i] = here ? _mm512_maskz_loadu_epi64((__mmask8)((1u << here) - 1), a + 8 * i)
                    : _mm512_setzero_si512();
    }
}

/* One row of A into its place in the row tile; limbs is a constant to the compiler. */
ALWAYS_INLINE void pack_row(uint8_t *out, const uint64_t *a, size_t k, uint64_t mask, size_t limbs)
{
    const __m512i order = limbs_order(), low = _mm512_set1_epi64((long long)mask);
    for (size_t i = 0; i < k; i += RING_TILE_DEPTH, out += limbs * RING_TILE_BYTES) {
        __m512i x[8];
        load_words(x, a + i, k - i);
        limbs_split(x, order, low);
        UNROLLED
        for (size_t l = 0; l < limbs; l++) {
            _mm512_store_si512(out + l * RING_TILE_BYTES, x[l]);
        }
    }
}

static void pack_row_of(uint8_t *out, const uint64_t *a, size_t k, unsigned bits)
{
    const uint64_t mask = ring_mask(bits);
    switch (ring_limbs(bits)) {
    case 4:
        pack_row(out, a, k, mask, 4);
        return;
    case 5:
        pack_row(out, a, k, mask, 5);
        return;
    case 6:
        pack_row(out, a, k, mask, 6);
        return;
    case 7:
        pack_row(out, a, k, mask, 7);
        return;
    case 8:
        pack_row(out, a, k, mask, 8);
        return;
    default:
        pack_row(out, a, k, mask, ring_limbs(bits));
    }
}

static void clear_row(uint8_t *out, size_t tiles)
{
    for (size_t i = 0; i < tiles; i++) {
        _mm512_store_si512(out + i * RING_TILE_BYTES, _mm512_setzero_si512());
    }
}

void ring_pack_left_ifma(const ring_product *g, size_t begin, size_t end)
{
    enum { ROW_BYTES = RING_TILE_BYTES / RING_TILE_ROWS };
    const size_t tiles = ring_tiles(g->w->k, RING_TILE_DEPTH) * ring_limbs(g->w->bits);
    for (size_t i = begin * RING_TILE_ROWS; i < end * RING_TILE_ROWS; i++) {
        uint8_t *out =
            g->left + i / RING_TILE_ROWS * tiles * RING_TILE_BYTES + i % RING_TILE_ROWS * ROW_BYTES;
        if (i < g->m) {
            pack_row_of(out, g->a + i * g->lda, g->w->k, g->w->bits);
        } else {
            clear_row(out, tiles);
        }
    }
}
#endif
