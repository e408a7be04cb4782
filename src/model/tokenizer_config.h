/** What tokenizer_config.json, special_tokens_map.json and added_tokens.json say beside a
 * vocabulary that has no tokenizer.json.
 */
#ifndef TACIT_MODEL_TOKENIZER_CONFIG_H
#define TACIT_MODEL_TOKENIZER_CONFIG_H

#include "base/json.h"
#include "model/tokenizer_source.h"

/** In the order in which they are added. */
typedef enum {
    SPECIAL_BOS,
    SPECIAL_EOS,
    SPECIAL_UNK,
    SPECIAL_SEP,
    SPECIAL_PAD,
    SPECIAL_CLS,
    SPECIAL_MASK
} special_name;

enum { SPECIAL_NAMES = SPECIAL_MASK + 1 };

typedef struct {
    span content; /* the documents'; data NULL where the tokenizer has none */
    added_flags flags;
} special_token;

typedef struct {
    json_t *config, *map, *added; /* NULL where the file is not there */
    const char *class_name;       /* tokenizer_class, or NULL */
    bool lower_case, chinese, strip_accents;
    bool add_prefix_space, trim_offsets;
    size_t max_tokens;
    special_token special[SPECIAL_NAMES];
} tokenizer_config;

/** defaults: the family's special tokens in the order of special_name, NULL for none; NULL where
 * only the other fields are asked for. tokenizer_config_clear() in any case. */
status tokenizer_config_read(tokenizer_config *c, const tokenizer_source *s,
                             const char *const *defaults, error *err) MUST_USE;
void tokenizer_config_clear(tokenizer_config *c);

/** Whether the class, with or without "Fast", is one of the names, which end with NULL; false
 * where the files name none. */
bool tokenizer_config_is(const tokenizer_config *c, const char *const *names);

/** ERR_ARTEFACT for a class that reads the vocabulary in some other way. */
status tokenizer_config_refuse_class(const tokenizer_config *c, error *err) MUST_USE;

/** Add all that the files name to t, which has its pieces and normaliser; ids receive those of
 * the special tokens, VOCAB_NONE for none. */
status tokenizer_config_add_tokens(const tokenizer_config *c, tokenizer *t,
                                   uint32_t ids[SPECIAL_NAMES], error *err) MUST_USE;

/** The flags of an added token, each absent one false. */
status tokenizer_read_flags(added_flags *flags, const json_t *token, const char *where,
                            error *err) MUST_USE;

#endif
