/** X → X^k for odd k below 2N: rotations (k a power of 5) and conjugation (k = 2N - 1) of slots.
 *
 * In coefficients a place moves and may change its sign; in NTT form places move (ntt.h), by a
 * table that is the same for all primes.
 *
 * Source: docs/design/ckks-ring.md Eq. (13).
 */
#ifndef TACIT_CKKS_AUTOMORPHISM_H
#define TACIT_CKKS_AUTOMORPHISM_H

#include "ckks/ring.h"

/** z(X) = x(X^k), both in coefficients; z is not x. */
void ckks_automorphism_coeff(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                             const uint64_t *x, size_t k);

/** table[i], N of them: the place whose value goes to place i. */
void ckks_automorphism_table(const ckks_ring *r, uint32_t *table, size_t k);

/** z(X) = x(X^k), both in NTT form, by the table of k; z is not x. */
void ckks_automorphism_ntt(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                           const uint64_t *x, const uint32_t *table);

#endif
