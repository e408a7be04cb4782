/** Bytes of files: numbers, headers, residues of few bits. */
#ifndef TACIT_CKKS_STORE_PARTS_H
#define TACIT_CKKS_STORE_PARTS_H

#include "ckks/store.h"

typedef enum {
    STORE_PARAMS = 1,
    STORE_CIPHER = 2,
    STORE_PUBLIC_KEY = 3,
    STORE_KEYS = 4,
    STORE_SECRET = 5,
    STORE_CAPSULE = 6,
} store_kind;

uint64_t ckks_read64(const uint8_t *b);
uint32_t ckks_read32(const uint8_t *b);
void ckks_write64(uint8_t *b, uint64_t x);
void ckks_write32(uint8_t *b, uint32_t x);

void ckks_header_write(uint8_t out[CKKS_STORE_HEADER], store_kind kind,
                       const uint8_t hash[HASH_BYTES]);
/** ctx NULL: any context. */
status ckks_header_check(span in, store_kind kind, const ckks_context *ctx, error *err) MUST_USE;

/** ERR_ARTEFACT unless x is at least low and at most high. */
status ckks_field_check(const char *name, uint64_t x, uint64_t low, uint64_t high,
                        error *err) MUST_USE;
status ckks_length_check(span in, size_t len, error *err) MUST_USE;

/** Bytes of one limb after the other, prime numbers first .. first + n - 1. */
size_t ckks_limbs_bytes(const ckks_context *ctx, size_t first, size_t n);
void ckks_limbs_write(uint8_t *out, const ckks_context *ctx, const uint64_t *x, size_t first,
                      size_t n);
/** ERR_ARTEFACT where a residue is not below its prime. */
status ckks_limbs_read(uint64_t *x, const ckks_context *ctx, const uint8_t *in, size_t first,
                       size_t n, error *err) MUST_USE;

#endif
