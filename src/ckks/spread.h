/** Products and sums with plaintexts of smaller rings (cipher.h): each of their words stands for a
 * run of N / 2^log_n neighbours. ckks-encoding.md Eq. (7). */
#ifndef TACIT_CKKS_SPREAD_H
#define TACIT_CKKS_SPREAD_H

#include "ckks/cipher.h"

/** z = x + y, z = x - y, z = x y, z += x y over q_0 .. q_(n_limbs-1); z may be x. */
void ckks_spread_add(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs);
void ckks_spread_sub(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs);
void ckks_spread_mul(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y, size_t n_limbs);
void ckks_spread_mul_add(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y,
                         size_t n_limbs);

/** z += x y over all primes of y, a raised plaintext. */
void ckks_spread_mul_add_raised(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y);

/** Words [at, at + n) of one limb as the whole ring has it, from those that y has of that limb; y
 * lives in a smaller ring, at and n are multiples of 64. */
void ckks_spread_words(uint64_t *out, const uint64_t *words, const ckks_plain *y, size_t at,
                       size_t n);

#endif
