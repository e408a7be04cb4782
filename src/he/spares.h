/** Ciphertexts that are used again: a session's registers come and go hundreds of times a run, and
 * new memory costs as much as the arithmetic on it. */
#ifndef TACIT_HE_SPARES_H
#define TACIT_HE_SPARES_H

#include "ckks/cipher.h"

enum { HE_SPARES = 32 };

typedef struct {
    const ckks_context *ctx;
    size_t n;
    ckks_cipher spare[HE_SPARES];
} he_spares;

/** Room for all limbs and 2 or 3 parts; holds nothing of meaning. */
status he_take(he_spares *s, ckks_cipher *z, size_t parts, error *err) MUST_USE;

/** z is empty then; an empty one is fine. */
void he_give(he_spares *s, ckks_cipher *z);

void he_spares_clear(he_spares *s);

#endif
