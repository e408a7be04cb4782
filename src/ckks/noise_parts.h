/** Secret small polynomials of key generation and encryption. */
#ifndef TACIT_CKKS_NOISE_PARTS_H
#define TACIT_CKKS_NOISE_PARTS_H

#include "ckks/cipher.h"

typedef enum { CKKS_TERNARY, CKKS_ERROR } ckks_small;

/** A small polynomial of the seed's stream for a purpose, in NTT form over b. It is secret: z lies
 * in c->hidden or in locked memory. */
status ckks_small_sample(ckks *c, uint64_t *z, const ckks_basis *b, ckks_small kind,
                         const uint8_t seed[PRG_SEED_BYTES], const char *purpose) MUST_USE;

/** What is published of a secret seed: the first bytes of its stream for a purpose. */
status ckks_seed_derive(ckks *c, uint8_t out[PRG_SEED_BYTES], const uint8_t seed[PRG_SEED_BYTES],
                        const char *purpose) MUST_USE;

#endif
