/** Text to token ids, as the model's own tokenizer files say: WordPiece (BERT) and byte-level BPE
 * (RoBERTa, GPT-2), read from tokenizer.json, or from vocab.txt, or vocab.json + merges.txt.
 *
 * Ids equal those of Hugging Face's `tokenizers` for the same files, for any bytes that are
 * valid UTF-8. Bytes that are not are errors. A tokenizer is read-only once it is open.
 */
#ifndef TACIT_MODEL_TOKENIZER_H
#define TACIT_MODEL_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

typedef struct tokenizer tokenizer;

enum { TOKENIZER_MAX_TEXT = 1 << 28 }; /* bytes of one text */

/** One encoded input. Zeroed at first and reused from call to call, by one thread at a time;
 * encoding_clear gives it back. */
typedef struct {
    uint32_t *ids;
    uint32_t *types;       /* 0 for the first text, 1 for the second where the family has types */
    uint32_t *begin, *end; /* bytes of the text that the token stands for; begin == end for the
                              special tokens. For a second text they count in that text. */
    size_t len, cap;
    bool truncated;                    /* tokens were left out to keep to max_tokens */
    struct tokenizer_scratch *scratch; /* the tokenizer's own */
} encoding;

/** Open the tokenizer of a model directory. */
status tokenizer_open(tokenizer **out, const char *dir, error *err) MUST_USE;
void tokenizer_free(tokenizer *t);

/** Ids of text, or of the pair (text, pair) where pair.data is not NULL, with the family's special
 * tokens around them. At most max_tokens ids: the longer text of a pair is cut first. */
status tokenizer_encode(const tokenizer *t, encoding *out, span text, span pair, size_t max_tokens,
                        error *err) MUST_USE;
void encoding_clear(encoding *e);

size_t tokenizer_vocab(const tokenizer *t);                   /* one more than the highest id */
const char *tokenizer_token(const tokenizer *t, uint32_t id); /* NULL where there is none */
size_t tokenizer_max_tokens(const tokenizer *t); /* model_max_length, SIZE_MAX where not said */

#endif
