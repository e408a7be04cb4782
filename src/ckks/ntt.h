/** The negacyclic number-theoretic transform: products of polynomials become products of residues.
 *
 * ψ is the ring's primitive 2N-th root of one for the prime. In NTT form, place i holds the value
 * of the polynomial at ψ^e, e = ckks_ntt_exponent(log_n, i): with r(i) = i reversed over log_n
 * bits, e = 2 r(i) + 1; from N = 64 on, i's bits 0-2 and 3-5 are swapped beforehand. The order is
 * the same for all kernels; nobody but automorphism.h needs to know it.
 *
 * In and out: canonical residues. In place.
 * Cost: N/2 log2 N butterflies a limb (docs/results/ckks-ring.md has their time).
 * Source: docs/design/ckks-ring.md Eq. (4)-(8).
 */
#ifndef TACIT_CKKS_NTT_H
#define TACIT_CKKS_NTT_H

#include "ckks/ring.h"

/** Coefficients to NTT form, all limbs over b. */
void ckks_ntt_forward(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *x);

/** Back, the factor 1/N included. */
void ckks_ntt_inverse(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *x);

/** i with its low six bits' halves swapped, for N >= 64: from the order of places to that of a
 * bit-reversed transform, and back. */
static inline size_t ckks_ntt_swap(unsigned log_n, size_t i)
{
    return log_n < 6 ? i : (i & ~(size_t)63) | (i & 7) << 3 | (i >> 3 & 7);
}

static inline size_t ckks_reverse(unsigned bits, size_t i)
{
    size_t y = 0;
    for (unsigned b = 0; b < bits; b++) {
        y |= (i >> b & 1) << (bits - 1 - b);
    }
    return y;
}

/** The odd exponent below 2N of place i. */
static inline size_t ckks_ntt_exponent(unsigned log_n, size_t i)
{
    return 2 * ckks_reverse(log_n, ckks_ntt_swap(log_n, i)) + 1;
}

/** The place of odd exponent e below 2N. */
static inline size_t ckks_ntt_place(unsigned log_n, size_t e)
{
    return ckks_ntt_swap(log_n, ckks_reverse(log_n, e >> 1));
}

#endif
