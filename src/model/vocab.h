/** A vocabulary: byte strings to ids and back, in a hash table of its own.
 *
 * Strings may hold any bytes and are at most VOCAB_MAX_TOKEN long; ids are below VOCAB_MAX_ID and
 * need not be dense. A table that was built to collide is refused rather than walked for hours.
 */
#ifndef TACIT_MODEL_VOCAB_H
#define TACIT_MODEL_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

enum {
    VOCAB_MAX_TOKEN = 4096,
    VOCAB_MAX_ID = 1 << 21,
    VOCAB_MAX_ENTRIES = 1 << 21,
};

static const uint32_t VOCAB_NONE = UINT32_MAX;

typedef struct {
    uint32_t id, hash;
    uint32_t at, len; /* in bytes; len is 0 and id VOCAB_NONE in an empty slot */
} vocab_slot;

typedef struct {
    char *bytes; /* strings one behind the other, each with a NUL */
    size_t bytes_len, bytes_cap;
    vocab_slot *slots; /* a power of two, at most half full */
    size_t n_slots, n;
    uint32_t *at; /* place of an id's string in bytes, plus 1; 0 where there is none */
    size_t at_cap;
    size_t end;       /* one more than the highest id */
    size_t max_bytes; /* of the longest string */
} vocab;

/** Add or, where the string is there already, give it the new id. An id may be that of several
 * strings; then the way back gives the last one added.
 * Returns ERR_ARTEFACT for what is over a limit. */
status vocab_add(vocab *v, span token, uint32_t id, error *err) MUST_USE;
void vocab_clear(vocab *v);

/** Hash of a string, byte by byte, so that those of all prefixes come in one walk. */
static inline uint32_t vocab_hash_start(void)
{
    return 2166136261u;
}

static inline uint32_t vocab_hash_byte(uint32_t hash, uint8_t byte)
{
    return (hash ^ byte) * 16777619u;
}

/** The id of a string, or VOCAB_NONE. */
uint32_t vocab_find(const vocab *v, span token);
uint32_t vocab_find_hashed(const vocab *v, span token, uint32_t hash);

/** The string of an id, NULL where there is none. */
const char *vocab_token(const vocab *v, uint32_t id);

#endif
