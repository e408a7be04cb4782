/** Memory for keys: pages of their own between two that cannot be touched, kept out of core dumps
 * and, where the system's limit allows, out of swap; wiped before they are given back. */
#ifndef TACIT_BASE_SECRET_H
#define TACIT_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct {
    uint8_t *data; /* NULL where len is 0 */
    size_t len;
} secret;

/** len zero bytes. */
status secret_new(secret *out, size_t len, error *err) MUST_USE;
void secret_clear(secret *s); /* a zeroed one is fine */

#endif
