/** Plaintexts, ciphertexts, and the session in which one thread works on them.
 *
 * All polynomials are in NTT form. Part i of a ciphertext stands before s^i, so that it decrypts to
 * part[0] + part[1] s (+ part[2] s^2), which is the message times the scale, plus noise.
 */
#ifndef TACIT_CKKS_CIPHER_H
#define TACIT_CKKS_CIPHER_H

#include "base/arena.h"
#include "base/pool.h"
#include "base/random.h"
#include "ckks/context.h"

/** One thread's session; the pool (NULL: this thread alone) may be used by it. */
typedef struct {
    const ckks_context *ctx;
    pool *pool;
    arena *tmp;    /* for what everybody may read */
    arena *hidden; /* for secrets: wiped when given back */
    error *err;    /* where the reason of a failure goes; may be NULL */
} ckks;

status ckks_open(ckks *c, const ckks_context *ctx, pool *threads, error *err) MUST_USE;
void ckks_close(ckks *c);

/** Takes n words from c->tmp; ERR_RESOURCE. */
status ckks_take(ckks *c, uint64_t **out, size_t n) MUST_USE;

/** Slots times scale, as a polynomial. Slots repeat where there are fewer than N/2 of them; then
 * it lives, where that is worth it, in the ring of 2^log_n coefficients of X^(N / 2^log_n). */
typedef struct {
    const ckks_context *ctx;
    unsigned log_slots, log_n;
    size_t n_limbs;
    size_t
        n_special; /* of the primes before q_0, for products before a mod-down: 0 or the level's */
    double scale;
    uint64_t *words; /* (n_special + n_limbs) 2^log_n */
} ckks_plain;

void ckks_plain_clear(ckks_plain *x); /* wipes; a zeroed one is fine */

enum { CKKS_MAX_PARTS = 3 };

typedef struct {
    const ckks_context *ctx;
    size_t capacity; /* limbs that each part has room for */
    size_t n_limbs, n_parts;
    unsigned log_slots;
    double scale;
    uint64_t *part[CKKS_MAX_PARTS]; /* the third may be NULL */
    bool seeded;                    /* part[1] is what this seed gives: fresh from ckks_encrypt */
    uint8_t seed[PRG_SEED_BYTES];
} ckks_cipher;

/** Room for so many limbs and parts (2 or 3); holds nothing yet. */
status ckks_cipher_new(ckks_cipher *out, const ckks_context *ctx, size_t n_limbs, size_t n_parts,
                       error *err) MUST_USE;
void ckks_cipher_clear(ckks_cipher *x); /* a zeroed one is fine */

/** The same out of c->tmp, for as long as it is not released; never cleared. */
status ckks_cipher_take(ckks *c, ckks_cipher *out, size_t n_limbs, size_t n_parts) MUST_USE;

/** z = x with its first n_limbs limbs; z is x, or has room. Level drop costs nothing but a copy. */
status ckks_copy(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs) MUST_USE;

/** ERR_USAGE unless z has room for that; z's fields are then set, its words not. */
status ckks_shape(ckks *c, ckks_cipher *z, size_t n_limbs, size_t n_parts, double scale,
                  unsigned log_slots) MUST_USE;

#endif
