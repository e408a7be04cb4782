/** WordPiece: the longest piece of the vocabulary at the front of a word, then the longest that
 * continues it, and so on; the unknown token for the whole word where that comes to nothing.
 */
#ifndef TACIT_MODEL_WORDPIECE_H
#define TACIT_MODEL_WORDPIECE_H

#include "model/token_list.h"
#include "model/vocab.h"

enum { WORDPIECE_MAX_CHARS = 1024 }; /* the most that max_chars may be */

typedef struct {
    const vocab *pieces; /* all of them */
    vocab continuing;    /* those that begin with the prefix, without it */
    uint32_t unknown;    /* id */
    size_t max_chars;    /* longer words are unknown */
} wordpiece;

/** `pieces` must outlive it; max_chars is at most WORDPIECE_MAX_CHARS. ERR_ARTEFACT where the
 * unknown token is not among the pieces. */
status wordpiece_init(wordpiece *w, const vocab *pieces, span prefix, span unknown,
                      size_t max_chars, error *err) MUST_USE;
void wordpiece_clear(wordpiece *w);

/** Append the tokens of one word, which is not empty; `from` belongs to its bytes.
 * Returns OK or ERR_RESOURCE. */
status wordpiece_encode(const wordpiece *w, token_list *out, span word, const text_range *from,
                        error *err) MUST_USE;

#endif
