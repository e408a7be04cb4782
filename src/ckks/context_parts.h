/** Between the files that make a context. */
#ifndef TACIT_CKKS_CONTEXT_PARTS_H
#define TACIT_CKKS_CONTEXT_PARTS_H

#include "ckks/context.h"

/** The constants of all levels. Primes and scales are there. */
status ckks_levels_make(ckks_context *c, error *err) MUST_USE;
void ckks_levels_free(ckks_context *c);

/** x at bytes + at, little-endian; returns where the next goes. */
static inline size_t ckks_put64(uint8_t *bytes, size_t at, uint64_t x)
{
    for (size_t i = 0; i < 8; i++) {
        bytes[at + i] = (uint8_t)(x >> 8 * i);
    }
    return at + 8;
}

#endif
