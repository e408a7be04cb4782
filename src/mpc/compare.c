#include "mpc/compare.h"

#include "base/status.h"

/* ---- Shapes */

static void cut(compare_shape *s, unsigned low, unsigned bits, unsigned blocks)
{
    s->blocks = blocks;
    s->slices = 0;
    for (unsigned b = 0; b < blocks; b++) {
        s->bits[b] = bits / blocks + (b < bits % blocks);
        s->first[b] = b ? s->first[b - 1] + s->bits[b - 1] : low;
        s->slices += ((size_t)1 << s->bits[b]) - 1;
    }
}

/* Sets of factors: P of the block t from the top is bit t, G is bit blocks - 1 + t. */
static void list_monomials(compare_shape *s)
{
    s->factors = 2 * s->blocks - 1;
    s->monomials = 0;
    for (unsigned t = 0; t < s->blocks; t++) {
        s->term[t] = (uint8_t)(((1U << t) - 1) | 1U << (s->blocks - 1 + t));
    }
    for (unsigned set = 1; set < 1U << s->factors; set++) {
        unsigned used = 0;
        for (unsigned t = 0; t < s->blocks; t++) {
            used |= (set & ~(unsigned)s->term[t]) == 0;
        }
        if (used) {
            s->monomial[s->monomials++] = (uint8_t)set;
        }
    }
}

compare_shape compare_shape_for(unsigned low, unsigned top, unsigned word_bits)
{
    CHECK(low + 1 < top && top - low <= COMPARE_MAX_BITS && top <= 64);
    const unsigned bits = top - 1 - low;
    compare_shape best = {0};
    size_t least = SIZE_MAX;
    for (unsigned blocks = 1; blocks <= COMPARE_BLOCKS && blocks <= bits; blocks++) {
        compare_shape s = {0};
        if ((bits + blocks - 1) / blocks > COMPARE_BLOCK_BITS) {
            continue;
        }
        cut(&s, low, bits, blocks);
        list_monomials(&s);
        const size_t cost = s.slices + (size_t)s.monomials * word_bits;
        if (cost < least) {
            least = cost;
            best = s;
        }
    }
    return best;
}

/* ---- Slices */

void compare_slice(uint64_t *out, const uint64_t *x, size_t n, unsigned first, unsigned bits)
{
    for (unsigned b = 0; b < bits; b++) {
        uint64_t slice = 0;
        for (size_t i = 0; i < n; i++) {
            slice |= (x[i] >> (first + b) & 1) << i;
        }
        out[b] = slice;
    }
}

void compare_deal(uint64_t *slices, const compare_shape *s, const uint64_t *mask, size_t n)
{
    for (unsigned b = 0; b < s->blocks; b++) {
        uint64_t bit[COMPARE_BLOCK_BITS], is[1 << COMPARE_BLOCK_BITS];
        compare_slice(bit, mask, n, s->first[b], s->bits[b]);
        is[0] = ~UINT64_C(0);
        for (unsigned k = s->bits[b]; k-- > 0;) { /* one bit more, the new one the lowest */
            for (size_t v = (size_t)1 << (s->bits[b] - 1 - k); v-- > 0;) {
                is[2 * v + 1] = is[v] & bit[k];
                is[2 * v] = is[v] & ~bit[k];
            }
        }
        for (size_t v = 1; v < (size_t)1 << s->bits[b]; v++) {
            *slices++ = is[v];
        }
    }
}

/* t[v] for the public v that the bits give, 64 different v at once. t is used up. */
static uint64_t choose(uint64_t *t, const uint64_t *bit, unsigned bits)
{
    for (unsigned k = 0; k < bits; k++) {
        for (size_t v = 0; v < (size_t)1 << (bits - 1 - k); v++) {
            t[v] = t[2 * v] ^ (bit[k] & (t[2 * v] ^ t[2 * v + 1]));
        }
    }
    return t[0];
}

void compare_factors(uint64_t *factors, const compare_shape *s, const uint64_t *slices,
                     const uint64_t *opened, size_t n, unsigned server)
{
    for (unsigned b = 0; b < s->blocks; b++) {
        const size_t values = (size_t)1 << s->bits[b];
        const unsigned from_top = s->blocks - 1 - b;
        uint64_t bit[COMPARE_BLOCK_BITS], is[1 << COMPARE_BLOCK_BITS];
        uint64_t above[1 << COMPARE_BLOCK_BITS];
        compare_slice(bit, opened, n, s->first[b], s->bits[b]);
        above[values - 1] = 0;
        for (size_t v = values - 1; v > 0; v--) {
            is[v] = slices[v - 1];
            above[v - 1] = above[v] ^ is[v];
        }
        is[0] = above[0] ^ (server ? ~UINT64_C(0) : 0); /* it has exactly one of all values */
        factors[s->blocks - 1 + from_top] = choose(above, bit, s->bits[b]);
        if (b > 0) {
            factors[from_top] = choose(is, bit, s->bits[b]);
        }
        slices += values - 1;
    }
}

/* ---- Back to words
 *
 * A factor is o + (1 - 2 o)·m, o opened and m its mask: so a term is the sum over its subsets of
 * the product of their masks, times ±1 by the parity of their o, times the o of the others. */

uint64_t compare_monomial(uint8_t monomial, const uint64_t *factors, unsigned n_factors)
{
    uint64_t product = ~UINT64_C(0);
    for (unsigned f = 0; f < n_factors; f++) {
        product &= monomial >> f & 1 ? factors[f] : ~UINT64_C(0);
    }
    return product;
}

void compare_expand(uint64_t *y, const uint64_t *w, const compare_shape *s, uint8_t monomial,
                    const uint64_t *opened, size_t n)
{
    uint64_t others[COMPARE_BLOCKS], sign = 0;
    unsigned terms = 0;
    for (unsigned t = 0; t < s->blocks; t++) {
        if ((monomial & ~s->term[t]) == 0) {
            others[terms++] =
                compare_monomial((uint8_t)(s->term[t] & ~monomial), opened, s->factors);
        }
    }
    for (unsigned f = 0; f < s->factors; f++) {
        sign ^= monomial >> f & 1 ? opened[f] : 0;
    }
    for (unsigned t = 0; t < terms; t++) {
        for (size_t i = 0; i < n; i++) {
            const uint64_t by = 0 - (others[t] >> i & 1), negate = 0 - (sign >> i & 1);
            y[i] += (((w ? w[i] : 1) ^ negate) - negate) & by;
        }
    }
}
