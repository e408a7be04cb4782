/** Code points: classes, canonical decomposition, lower case, and UTF-8.
 *
 * The tables follow Hugging Face's `tokenizers`, not one version of Unicode: its parts use tables
 * of different years, and ids must be those a model was trained with. Hence no library here.
 */
#ifndef TACIT_MODEL_UNICODE_H
#define TACIT_MODEL_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"
#include "model/unicode_tables.h"

/** Classes, one bit each; a code point may have several. */
enum {
    UNICODE_SPACE = 1,   /* white space */
    UNICODE_OTHER = 2,   /* control, format, private use: what BERT's cleaning removes */
    UNICODE_PUNCT = 4,   /* what BERT splits off: ASCII symbols and punctuation */
    UNICODE_MN = 8,      /* marks that BERT strips as accents */
    UNICODE_MARK = 16,   /* marks that the normaliser StripAccents drops */
    UNICODE_LETTER = 32, /* \p{L} of the GPT-2 pattern */
    UNICODE_NUMBER = 64, /* \p{N} of the GPT-2 pattern */
    UNICODE_WORD = 128,  /* \w, which added tokens that are single words look at */
    UNICODE_CJK = 256,   /* ideographs that BERT makes words of their own */
};

unsigned unicode_class_search(uint32_t c);

static inline unsigned unicode_class(uint32_t c)
{
    return c < 128 ? unicode_ascii[c] : unicode_class_search(c);
}

/** Canonical combining class; 0 for a starter. */
unsigned unicode_combining_class(uint32_t c);

enum { UNICODE_MAX_DECOMPOSED = 8, UNICODE_MAX_LOWERED = 2 };

/** Full canonical decomposition, in the order of the table (not sorted by combining class).
 * Returns how many code points it wrote: 1 where c stays as it is. */
size_t unicode_decompose(uint32_t out[UNICODE_MAX_DECOMPOSED], uint32_t c);

/** Lower case of one code point, whatever stands around it. Returns 1 or 2. */
size_t unicode_lower(uint32_t out[UNICODE_MAX_LOWERED], uint32_t c);

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
