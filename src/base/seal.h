/** Pieces of a file that are encrypted and authentic, each known by its number: AES-256-GCM, the
 * nonce being the number. A key seals each number once. */
#ifndef TACIT_BASE_SEAL_H
#define TACIT_BASE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { SEAL_KEY_BYTES = 32, SEAL_TAG_BYTES = 16, SEAL_MAX_BYTES = 1 << 30 };

typedef struct seal seal;

status seal_new(seal **out, const uint8_t key[SEAL_KEY_BYTES], error *err) MUST_USE;
void seal_free(seal *s); /* NULL is fine */

/** Encrypt len bytes in place. */
void seal_close(seal *s, uint64_t number, uint8_t *data, size_t len, uint8_t tag[SEAL_TAG_BYTES]);

/** Decrypt them in place. ERR_ARTEFACT, the bytes then wiped, where they are not what was sealed
 * under that key and number. */
status seal_open(seal *s, uint64_t number, uint8_t *data, size_t len,
                 const uint8_t tag[SEAL_TAG_BYTES], error *err) MUST_USE;

#endif
