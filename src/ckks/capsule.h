/** Switching to a sparse secret and back, around raising the modulus: docs/design/
 * ckks-bootstrapping.md Eq. (2)-(4).
 *
 * The sparse secret has CKKS_SPARSE_WEIGHT coefficients of 1 or -1. Nothing is ever published under
 * it but one key modulo q_0 p, p the last special prime; what is encrypted under it exists between
 * two steps of bootstrapping alone. Both keys have one digit: what they switch is below q_0.
 */
#ifndef TACIT_CKKS_CAPSULE_H
#define TACIT_CKKS_CAPSULE_H

#include "ckks/keys.h"

enum { CKKS_SPARSE_WEIGHT = 32 };

/** (e - a to + p from, a) modulo p q_0 .. q_(n_limbs-1). */
typedef struct {
    const ckks_context *ctx;
    size_t n_limbs;
    uint8_t seed[PRG_SEED_BYTES];
    uint64_t *words[2]; /* over p, then the limbs */
} ckks_capsule_key;

typedef struct {
    ckks_capsule_key in;  /* to the sparse secret, one limb */
    ckks_capsule_key out; /* back, all limbs */
} ckks_capsule;

/** A function of the secret's seed. Memory: 16 N (n_limbs + 3) bytes. */
status ckks_capsule_new(ckks *c, ckks_capsule *out, const ckks_secret *s) MUST_USE;
void ckks_capsule_clear(ckks_capsule *k); /* a zeroed one is fine */
size_t ckks_capsule_bytes(const ckks_capsule *k);

/** For files: room for both keys, their seeds and first halves unset; second halves from seeds. */
status ckks_capsule_room(ckks *c, ckks_capsule *out) MUST_USE;
status ckks_capsule_expand(ckks *c, ckks_capsule_key *k) MUST_USE;

/** z = x modulo q_0, read as small integers plus q_0 times others of at most
 * (CKKS_SPARSE_WEIGHT + 1) / 2, over all limbs; x has one limb or more, z room for all. Its scale
 * stays. Cost: 3 n_limbs + 8 transforms, next to nothing beside what follows. */
status ckks_capsule_raise(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                          const ckks_capsule *k) MUST_USE;

#endif
