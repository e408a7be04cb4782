/** Added tokens: found in the text before it is split, longest first, and never split themselves.
 *
 * One set is looked for in the text as it is, another in the normalised text.
 */
#ifndef TACIT_MODEL_ADDED_TOKENS_H
#define TACIT_MODEL_ADDED_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

enum { ADDED_MAX = 1 << 16, ADDED_MAX_BYTES = 512 };

typedef struct {
    bool single_word;    /* only where no word character stands before or behind */
    bool lstrip, rstrip; /* takes the white space before, behind */
    bool normalized;     /* looked for, normalised itself, in the normalised text */
} added_flags;

typedef struct {
    char *pattern; /* what is looked for; len bytes */
    size_t len;
    uint32_t id;
    uint32_t order; /* of two equal patterns the one with the lower order counts */
    added_flags flags;
} added_token;

typedef struct {
    added_token *tokens; /* after added_set_seal: sorted by pattern, no two equal */
    size_t n, cap;
    uint64_t first[4]; /* the bytes that patterns begin with */
} added_set;

/** A stretch of text: a token, or what is between tokens (id VOCAB_NONE). */
typedef struct {
    size_t begin, end;
    uint32_t id;
} added_piece;

typedef struct {
    added_piece *items;
    size_t len, cap;
} added_pieces;

/** Copies the pattern. Equal patterns are told apart in added_set_seal. */
status added_set_add(added_set *s, span pattern, uint32_t id, added_flags flags,
                     error *err) MUST_USE;
/** To be called once, after the last added_set_add. */
void added_set_seal(added_set *s);
void added_set_clear(added_set *s);

/** Cut valid UTF-8 into pieces, appended to `out`: at each place the longest token that matches
 * there, from left to right; stretches between them are not empty. White space that a token takes
 * may be part of the next one too, as in `tokenizers`.
 * Cost: at most ADDED_MAX_BYTES comparisons a byte. Returns OK or ERR_RESOURCE. */
status added_split(const added_set *s, added_pieces *out, span text, error *err) MUST_USE;

#endif
