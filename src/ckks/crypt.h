/** Encryption and decryption: docs/design/ckks-keys.md.
 *
 * Who may see decryptions: their owner alone. The noise in a decryption tells about the secret key
 * (Li and Micciancio, eprint 2020/1533): what is shared with others goes through flood.h.
 * All of it is constant time.
 */
#ifndef TACIT_CKKS_CRYPT_H
#define TACIT_CKKS_CRYPT_H

#include "ckks/encode.h"
#include "ckks/keys.h"

/** (m + e - a s, a): z has room for x's limbs and remembers the seed of a, so that a file holds
 * half of it. seed: of this encryption alone, never used twice; NULL takes the system's randomness.
 * Noise: the standard deviation of its coefficients is 3.24. Cost: one transform a limb. */
status ckks_encrypt(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_secret *s,
                    const uint8_t seed[PRG_SEED_BYTES]) MUST_USE;

/** (v b + e0 + m, v a + e1), v uniform in {-1, 0, 1}. Noise: 3.24 sqrt(4 N / 3 + 1). Cost: three
 * transforms a limb. */
status ckks_encrypt_public(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_public_key *k,
                           const uint8_t seed[PRG_SEED_BYTES]) MUST_USE;

/** out, a new plaintext, has at most two limbs, which is all that decoding reads. */
status ckks_decrypt(ckks *c, ckks_plain *out, const ckks_cipher *x, const ckks_secret *s) MUST_USE;

#endif
