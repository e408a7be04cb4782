/** The bytes of a tokenizer's files, wherever they are from. */
#ifndef TACIT_MODEL_TOKENIZER_SOURCE_H
#define TACIT_MODEL_TOKENIZER_SOURCE_H

#include "model/tokenizer_parts.h"

/** data is NULL where there is no such file; an empty file has data and len 0. */
typedef struct {
    span tokenizer_json, vocab_txt, vocab_json, merges_txt;
    span tokenizer_config, special_tokens_map, added_tokens;
} tokenizer_source;

/** What tokenizer_open does with the files of a directory: tokenizer.json where there is one,
 * else vocab.txt, else vocab.json and merges.txt. Errors name the file and the field. */
status tokenizer_from_source(tokenizer **out, const tokenizer_source *s, error *err) MUST_USE;

#endif
