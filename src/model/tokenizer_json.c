#include "model/tokenizer_json.h"

#include <string.h>

#include "model/tokenizer_config.h"

static const char file[] = "tokenizer.json";

span json_span(const json_t *string)
{
    return (span){(const uint8_t *)json_string_value(string), json_string_length(string)};
}

status tokenizer_json_vocab(vocab *out, const json_t *tokens, const char *where, error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)tokens, key, value)
    {
        size_t id = 0;
        TRY(json_get_size(tokens, key, true, 0, VOCAB_MAX_ID - 1, &id, where, err));
        const status st =
            vocab_add(out, (span){(const uint8_t *)key, strlen(key)}, (uint32_t)id, err);
        if (st != OK) {
            error_prefix(err, "%s", where);
            return st;
        }
    }
    return OK;
}

static status add_token(tokenizer *t, const json_t *token, size_t i, error *err)
{
    char where[64];
    snprintf(where, sizeof where, "%s: added_tokens[%zu]", file, i);
    const json_t *content = json_object_get(token, "content");
    if (!json_is_object(token) || !json_is_string(content)) {
        return error_set(err, ERR_ARTEFACT, "%s: must be an object with the string 'content'",
                         where);
    }
    added_flags flags;
    size_t said = 0;
    uint32_t id;
    TRY(tokenizer_read_flags(&flags, token, where, err));
    TRY(json_get_size(token, "id", true, 0, VOCAB_MAX_ID - 1, &said, where, err));
    if (json_string_length(content) == 0) {
        return OK; /* stands for nothing and never matches */
    }
    const status st = tokenizer_add_token(t, json_span(content), flags, &id, err);
    if (st != OK) {
        error_prefix(err, "%s", where);
        return st;
    }
    return tokenizer_check_id(json_span(content), id, said, where, err);
}

status tokenizer_json_added(tokenizer *t, const json_t *section, error *err)
{
    for (size_t i = 0; i < json_array_size(section); i++) {
        TRY(add_token(t, json_array_get(section, i), i, err));
    }
    tokenizer_seal(t);
    return OK;
}

static status read_document(tokenizer *t, const json_t *doc, error *err)
{
    json_t *model, *added, *normal, *split, *post;
    TRY(json_get_object(doc, "model", true, &model, file, err));
    TRY(json_get_array(doc, "added_tokens", false, &added, file, err));
    TRY(json_get_object(doc, "normalizer", false, &normal, file, err));
    TRY(json_get_object(doc, "pre_tokenizer", false, &split, file, err));
    TRY(json_get_object(doc, "post_processor", false, &post, file, err));
    TRY(tokenizer_json_normaliser(t, normal, err));
    TRY(tokenizer_json_split(t, split, err));
    TRY(tokenizer_json_model(t, model, err));
    TRY(tokenizer_json_added(t, added, err));
    return tokenizer_json_post(t, post, err);
}

/* model_max_length is not in tokenizer.json. */
static status read_max_tokens(tokenizer *t, const tokenizer_source *s, error *err)
{
    tokenizer_config c;
    const status st = tokenizer_config_read(&c, s, NULL, err);
    t->max_tokens = c.max_tokens;
    tokenizer_config_clear(&c);
    return st;
}

status tokenizer_read_json(tokenizer *t, const tokenizer_source *s, error *err)
{
    json_t *doc;
    TRY(read_max_tokens(t, s, err));
    TRY(json_read(&doc, s->tokenizer_json, file, err));
    const status st = read_document(t, doc, err);
    json_decref(doc);
    return st;
}
