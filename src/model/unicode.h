/** Code points: classes, canonical decomposition, lower case.
 *
 * The tables follow Hugging Face's `tokenizers`, not one version of Unicode: its parts use tables
 * of different years, and ids must be those a model was trained with. Hence no library here.
 */
#ifndef TACIT_MODEL_UNICODE_H
#define TACIT_MODEL_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
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

#endif
