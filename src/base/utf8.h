/** UTF-8: one code point at a time, and whether bytes are valid. */
#ifndef TACIT_BASE_UTF8_H
#define TACIT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

/** The code point at the front of [p, p + len) and its length; 0 where that is not valid UTF-8
 * (surrogates, overlong forms and what is above U+10FFFF are not). len > 0. */
size_t utf8_decode(uint32_t *c, const uint8_t *p, size_t len);

/** The same for bytes that utf8_check accepted. */
static inline size_t utf8_next(uint32_t *c, const uint8_t *p)
{
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] < 0xE0) {
        *c = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (p[0] < 0xF0) {
        *c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        return 3;
    }
    *c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
         (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    return 4;
}

/** Bytes of the code point that begins with this byte, in valid UTF-8. */
static inline size_t utf8_length(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/** The code point that ends right before p, in valid UTF-8; there must be one. */
uint32_t utf8_before(const uint8_t *p);

/** Returns the number of bytes, 1 to 4. */
size_t utf8_encode(uint8_t out[4], uint32_t c);

/** ERR_ARTEFACT with the offset of the first byte that is not valid UTF-8; `what` names the
 * bytes in the error. */
status utf8_check(span bytes, const char *what, error *err) MUST_USE;

#endif
