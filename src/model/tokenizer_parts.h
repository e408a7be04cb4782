/** A tokenizer's inside, shared by those who read the files and tokenizer.c. */
#ifndef TACIT_MODEL_TOKENIZER_PARTS_H
#define TACIT_MODEL_TOKENIZER_PARTS_H

#include "model/added_tokens.h"
#include "model/byte_bpe.h"
#include "model/normaliser.h"
#include "model/template.h"
#include "model/tokenizer.h"
#include "model/vocab.h"
#include "model/wordpiece.h"

typedef enum {
    SPLIT_BERT,        /* at white space, which goes, and around each punctuation character */
    SPLIT_WORDS,       /* the same, but what is no word character stays together */
    SPLIT_WHITE_SPACE, /* at white space alone */
    SPLIT_GPT2,        /* by the GPT-2 pattern, nothing goes */
    SPLIT_NONE
} split_kind;

typedef enum { MODEL_WORDPIECE, MODEL_BYTE_BPE } model_kind;

struct tokenizer {
    vocab pieces;       /* the model's */
    vocab added;        /* added tokens, among them those that are pieces */
    uint32_t added_end; /* one more than the highest id of an added token */
    added_set literal;  /* looked for in the text */
    added_set normal;   /* looked for in the normalised text */
    normaliser normaliser;
    split_kind split;
    bool prefix_space; /* byte-level: a space before a stretch that begins with none */
    model_kind model;
    wordpiece wordpiece;
    byte_bpe bpe;
    bool trim;             /* offsets leave out the white space at a token's ends */
    bool trim_keeps_first; /* … but not the prefix space of the first token */
    token_template single, pair;
    size_t max_tokens;
};

/** What an encoding keeps from call to call. */
struct tokenizer_scratch {
    norm_scratch norm;
    norm_text prefixed;
    added_pieces literal, normal;
    bpe_scratch bpe;
    token_list first, second;
};

/** An added token, not empty. It gets its own id where it is among the pieces, else the next one,
 * whatever its file says: *id tells. The normaliser must be there already; the same token twice is
 * fine, with other flags it is an error. tokenizer_seal() is to be called after the last. */
status tokenizer_add_token(tokenizer *t, span content, added_flags flags, uint32_t *id,
                           error *err) MUST_USE;
void tokenizer_seal(tokenizer *t);

/** ERR_ARTEFACT where a file gives a token another id than it got. */
status tokenizer_check_id(span content, uint32_t id, size_t said, const char *where,
                          error *err) MUST_USE;

/** Append the tokens of bytes [begin, end) of the normalised text, which hold no added token. */
status split_and_encode(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                        size_t begin, size_t end, error *err) MUST_USE;

/** Length of the first piece of the GPT-2 pattern in valid UTF-8 that is not empty. */
size_t split_gpt2(const uint8_t *bytes, size_t len);

/** Take the white space off the offsets of a text's tokens, where the tokenizer says so. */
void trim_offsets(const tokenizer *t, token_list *tokens, span text);

#endif
