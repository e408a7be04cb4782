/** Comparisons by bits: how the bits of a word are cut into blocks, and the loops over 64 elements
 * at a time. docs/design/mpc-compare.md. Nothing here branches or looks up by a secret.
 */
#ifndef TACIT_MPC_COMPARE_H
#define TACIT_MPC_COMPARE_H

#include <stddef.h>
#include <stdint.h>

enum {
    COMPARE_BLOCKS = 4,
    COMPARE_FACTORS = 2 * COMPARE_BLOCKS - 1,
    COMPARE_MONOMIALS = 22,
    COMPARE_BLOCK_BITS = 8,
    COMPARE_MAX_BITS = 30, /* of a comparison, the sign among them */
    COMPARE_LANES = 64
};

/** A word's bits below its sign are cut into blocks, the lowest first. Of the mask's part in a
 * block the dealer deals which of its 2^k values it has, one bit a value but for the value 0. With
 * the opened word these give two bits for a block: G, the opened part is less than the mask's; P,
 * it is equal. The opened word is less as a whole where
 *
 *     G_top or P_top and (G_next or P_next and …)
 *
 * A factor is one of those bits: P of the blocks from the top down but for the lowest, then G of
 * all from the top down. A term is the product behind one of the ors; no two of them are 1 at once.
 */
typedef struct {
    unsigned blocks, factors, monomials;
    unsigned first[COMPARE_BLOCKS], bits[COMPARE_BLOCKS]; /* of the word, from the lowest block */
    size_t slices;                                        /* dealt bits in all: sum of 2^bits - 1 */
    uint8_t term[COMPARE_BLOCKS];                         /* sets of factors */
    uint8_t monomial[COMPARE_MONOMIALS]; /* sets of factors that are part of a term */
} compare_shape;

/** For bits low .. top - 2 below a sign at top - 1; word_bits: what a monomial costs. The cheapest
 * number of blocks. */
compare_shape compare_shape_for(unsigned low, unsigned top, unsigned word_bits);

/** Bit first + b of n <= 64 words, each with bit j of its result from word j. */
void compare_slice(uint64_t *out, const uint64_t *x, size_t n, unsigned first, unsigned bits);

/** The dealer's slices of up to 64 masks. */
void compare_deal(uint64_t *slices, const compare_shape *s, const uint64_t *mask, size_t n);

/** A server's shares of all factors, from its share of the slices and the opened words. */
void compare_factors(uint64_t *factors, const compare_shape *s, const uint64_t *slices,
                     const uint64_t *opened, size_t n, unsigned server);

/** y[i] += w[i] · (what monomial m of the masks is multiplied by, for the opened factors). Monomial
 * 0 stands for none of them: then w[i] is taken as 1. */
void compare_expand(uint64_t *y, const uint64_t *w, const compare_shape *s, uint8_t monomial,
                    const uint64_t *opened, size_t n);

/** The product of a monomial's bits: of factors' masks, 64 at once. */
uint64_t compare_monomial(uint8_t monomial, const uint64_t *factors, unsigned n_factors);

#endif
