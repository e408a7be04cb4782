/** Keys: docs/design/ckks-keys.md.
 *
 * A secret key is uniform in {-1, 0, 1}, lives in locked memory and is wiped. Every other key is
 * public and a function of the secret key's seed and of what the key is for, so that making it
 * again gives the same words. Its `a` halves come from a public seed: a file holds that instead.
 */
#ifndef TACIT_CKKS_KEYS_H
#define TACIT_CKKS_KEYS_H

#include "base/secret.h"
#include "ckks/cipher.h"

typedef struct {
    const ckks_context *ctx;
    secret memory;       /* the seed, then the words */
    const uint8_t *seed; /* all that it is made of */
    uint64_t *words;     /* NTT form over all primes, special ones first */
} ckks_secret;

/** From a seed, or from the system's randomness where it is NULL. */
status ckks_secret_new(ckks *c, ckks_secret *out, const uint8_t seed[PRG_SEED_BYTES]) MUST_USE;
void ckks_secret_clear(ckks_secret *s); /* wipes; a zeroed one is fine */

/** Encrypts: (-a s + e, a) modulo all limbs. */
typedef struct {
    const ckks_context *ctx;
    uint8_t seed[PRG_SEED_BYTES];
    uint64_t *words[2];
} ckks_public_key;

status ckks_public_key_new(ckks *c, ckks_public_key *out, const ckks_secret *s) MUST_USE;
void ckks_public_key_clear(ckks_public_key *k);

/** Switches what stands before one secret to another: one pair for each digit. */
typedef struct {
    const ckks_context *ctx;
    size_t n_limbs, n_digits; /* up to which level it works */
    size_t element;           /* X -> X^element; 1 is the key of relinearisation */
    uint8_t seed[PRG_SEED_BYTES];
    uint64_t *words;   /* digit after digit: first part, second part; each over ckks_key_basis */
    uint32_t *permute; /* of the automorphism; NULL for relinearisation */
} ckks_switch_key;

enum { CKKS_RELINEARISE = 1 };

/** For ciphertexts of up to n_limbs limbs. ERR_POLICY where its modulus is not secure.
 * Memory: 16 N bytes a digit and prime (ckks_switch_key_bytes). */
status ckks_switch_key_new(ckks *c, ckks_switch_key *out, const ckks_secret *s, size_t element,
                           size_t n_limbs) MUST_USE;
void ckks_switch_key_clear(ckks_switch_key *k);
size_t ckks_switch_key_bytes(const ckks_context *ctx, size_t n_limbs);

/** Part `half` of digit j. */
static inline uint64_t *ckks_key_words(const ckks_switch_key *k, size_t j, size_t half)
{
    const size_t primes = k->ctx->params.n_special + k->n_limbs;
    return k->words + (2 * j + half) * primes * k->ctx->n;
}

/** Relinearisation and rotations, by rising elements. */
typedef struct {
    ckks_switch_key *key;
    size_t n;
} ckks_keys;

/** The key of relinearisation, those of turning slots left by steps[0] .. steps[n-1], and, if
 * wanted, that of conjugation; equal ones once. */
status ckks_keys_new(ckks *c, ckks_keys *out, const ckks_secret *s, const int64_t *steps, size_t n,
                     bool conjugation, size_t n_limbs) MUST_USE;
void ckks_keys_clear(ckks_keys *k);

/** A key that is wanted: its element, and for how many limbs. */
typedef struct {
    size_t element, n_limbs;
} ckks_key_wish;

/** Keys of different levels; of equal elements the highest. */
status ckks_keys_new_wished(ckks *c, ckks_keys *out, const ckks_secret *s,
                            const ckks_key_wish *wishes, size_t n) MUST_USE;

/** ERR_USAGE where there is no key of that element for n_limbs limbs. */
status ckks_keys_find(ckks *c, const ckks_switch_key **out, const ckks_keys *k, size_t element,
                      size_t n_limbs) MUST_USE;

/* ---- For files (store.h): what is made of seeds. */

/** Room for a key of this level and element, its seed and first halves unset. */
status ckks_switch_key_room(ckks *c, ckks_switch_key *out, size_t element, size_t n_limbs) MUST_USE;
/** The second halves from the seed. */
status ckks_switch_key_expand(ckks *c, ckks_switch_key *k) MUST_USE;

/** Limbs of prime numbers first .. first + n - 1, uniform: limb i is the stream of the seed for
 * "ckks a LABEL i", i the number of the limb, special primes counting from 64. */
status ckks_expand_seed(ckks *c, uint64_t *x, const uint8_t seed[PRG_SEED_BYTES], size_t label,
                        size_t first, size_t n) MUST_USE;

#endif
