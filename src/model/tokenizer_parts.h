/** A tokenizer's inside, shared by those who read the files and tokenizer.c. */
#ifndef TACIT_MODEL_TOKENIZER_PARTS_H
#define TACIT_MODEL_TOKENIZER_PARTS_H

#include "model/added_tokens.h"
#include "model/normaliser.h"
#include "model/template.h"
#include "model/tokenizer.h"
#include "model/vocab.h"
#include "model/wordpiece.h"

typedef enum {
    SPLIT_BERT /* at white space, which goes, and around punctuation */
} split_kind;

typedef enum { MODEL_WORDPIECE } model_kind;

struct tokenizer {
    vocab pieces;       /* the model's */
    vocab added;        /* added tokens, among them those that are pieces */
    uint32_t added_end; /* one more than the highest id of an added token */
    added_set literal;  /* looked for in the text */
    added_set normal;   /* looked for in the normalised text */
    normaliser normaliser;
    split_kind split;
    model_kind model;
    wordpiece wordpiece;
    token_template single, pair;
    size_t max_tokens;
};

/** What an encoding keeps from call to call. */
struct tokenizer_scratch {
    norm_scratch norm;
    added_pieces literal, normal;
    token_list first, second;
};

/** An added token. It gets its own id where it is among the pieces, else the next one, whatever
 * its file says: *id tells. The normaliser must be there already; the same token twice is fine,
 * with other flags it is an error. tokenizer_seal() is to be called after the last. */
status tokenizer_add_token(tokenizer *t, span content, added_flags flags, uint32_t *id,
                           error *err) MUST_USE;
void tokenizer_seal(tokenizer *t);

/** ERR_ARTEFACT where a file gives a token another id than it got. */
status tokenizer_check_id(span content, uint32_t id, size_t said, const char *where,
                          error *err) MUST_USE;

/** Append the tokens of a normalised stretch without added tokens. */
status split_and_encode(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                        size_t begin, size_t end, error *err) MUST_USE;

#endif
