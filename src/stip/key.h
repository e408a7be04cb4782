/** The data owner's key of a protected model: the permutation of what goes in and that of what
 * comes out, bound to the one model that they belong to. Inner permutations are not in it.
 *
 * Source: docs/formats/stip-key.md. Of the file's bytes nothing is believed but what is checked.
 */
#ifndef TACIT_STIP_KEY_H
#define TACIT_STIP_KEY_H

#include "base/file.h"
#include "base/hash.h"
#include "base/secret.h"

enum {
    STIP_KEY_VERSION = 1,
    STIP_KEY_MAX = 65536, /* features, and outputs */
    STIP_KEY_MAX_BYTES = 64 + 8 * STIP_KEY_MAX + HASH_BYTES,
};

typedef struct {
    size_t dim, n_outputs;     /* n_outputs 0: an embedding, whose features are permuted by π */
    const uint32_t *hidden;    /* π: dim */
    const uint32_t *outputs;   /* π_c: n_outputs, or NULL */
    uint8_t model[HASH_BYTES]; /* stip_model_hash of the protected directory */
    secret memory;             /* what the lists lie in */
} stip_key;

/** A key with a copy of the lists. Returns ERR_USAGE where a list is no permutation. */
status stip_key_make(stip_key *out, const uint32_t *hidden, size_t dim, const uint32_t *outputs,
                     size_t n_outputs, const uint8_t model[HASH_BYTES], error *err) MUST_USE;
void stip_key_clear(stip_key *k); /* wipes; a zeroed one is fine */

/** From the bytes of a file, which `path` stands for in errors: ERR_ARTEFACT where they are none,
 * ERR_PROTOCOL where they are of another version. */
status stip_key_parse(stip_key *out, span bytes, const char *path, error *err) MUST_USE;

/** A file that only its owner may read. Reading refuses one that others may read, ERR_AUTH. */
status stip_key_read(stip_key *out, const char *path, error *err) MUST_USE;
status stip_key_write(const stip_key *k, const char *path, error *err) MUST_USE;

/** What a key is bound to: SHA-256 over the digests of config.json and model.safetensors of a
 * protected directory. Cost: both are read once. */
status stip_model_hash(uint8_t out[HASH_BYTES], const char *dir, error *err) MUST_USE;

/** out = x·π, rows × dim; not x. What the owner sends: word + position + type, before the norm. */
void stip_encode(const stip_key *k, float *out, const float *x, size_t rows);

/** out = y·π_cᵀ, rows × n_outputs, or y·πᵀ, rows × dim, of an embedding; not y. */
void stip_decode(const stip_key *k, float *out, const float *y, size_t rows);

#endif
