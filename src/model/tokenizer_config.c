#include "model/tokenizer_config.h"

#include <string.h>

static const char *const special_keys[SPECIAL_NAMES] = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
};

status tokenizer_read_flags(added_flags *flags, const json_t *token, const char *where, error *err)
{
    bool special = false;
    *flags = (added_flags){0};
    TRY(json_get_bool(token, "special", false, &special, where, err));
    flags->normalized = !special;
    TRY(json_get_bool(token, "normalized", false, &flags->normalized, where, err));
    TRY(json_get_bool(token, "single_word", false, &flags->single_word, where, err));
    TRY(json_get_bool(token, "lstrip", false, &flags->lstrip, where, err));
    return json_get_bool(token, "rstrip", false, &flags->rstrip, where, err);
}

static span string_span(const json_t *string)
{
    return (span){(const uint8_t *)json_string_value(string), json_string_length(string)};
}

/* A special token is a string, or an object with its content and flags; null is none. */
static status read_special(special_token *out, const json_t *value, const char *key,
                           const char *where, error *err)
{
    const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
    if (json_is_null(value)) {
        *out = (special_token){0};
        return OK;
    }
    if (!json_is_string(content)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be a string or have 'content'",
                         where, key);
    }
    out->content = string_span(content);
    out->flags = (added_flags){0};
    if (json_is_object(value)) {
        TRY(tokenizer_read_flags(&out->flags, value, where, err));
        out->flags.normalized = json_is_true(json_object_get(value, "normalized"));
    }
    return OK;
}

static status read_specials(tokenizer_config *c, const json_t *doc, const char *where, error *err)
{
    for (size_t i = 0; i < SPECIAL_NAMES; i++) {
        const json_t *value = json_object_get(doc, special_keys[i]);
        if (value) {
            TRY(read_special(&c->special[i], value, special_keys[i], where, err));
        }
    }
    return OK;
}

static status read_max_tokens(tokenizer_config *c, const char *where, error *err)
{
    double limit = 0;
    TRY(json_get_double(c->config, "model_max_length", false, 1, 1e300, &limit, where, err));
    if (limit >= 1 && limit < 1e9) {
        c->max_tokens = (size_t)limit;
    }
    return OK;
}

static status read_config(tokenizer_config *c, error *err)
{
    static const char where[] = "tokenizer_config.json";
    const json_t *doc = c->config;
    TRY(json_get_string(doc, "tokenizer_class", false, &c->class_name, where, err));
    TRY(json_get_bool(doc, "do_lower_case", false, &c->lower_case, where, err));
    c->strip_accents = c->lower_case;
    TRY(json_get_bool(doc, "strip_accents", false, &c->strip_accents, where, err));
    TRY(json_get_bool(doc, "tokenize_chinese_chars", false, &c->chinese, where, err));
    TRY(json_get_bool(doc, "add_prefix_space", false, &c->add_prefix_space, where, err));
    TRY(json_get_bool(doc, "trim_offsets", false, &c->trim_offsets, where, err));
    TRY(read_max_tokens(c, where, err));
    return read_specials(c, doc, where, err);
}

status tokenizer_config_read(tokenizer_config *c, const tokenizer_source *s,
                             const char *const *defaults, error *err)
{
    *c = (tokenizer_config){.lower_case = true,
                            .chinese = true,
                            .strip_accents = true,
                            .trim_offsets = true,
                            .max_tokens = SIZE_MAX};
    for (size_t i = 0; defaults && i < SPECIAL_NAMES; i++) {
        if (defaults[i]) {
            c->special[i].content = (span){(const uint8_t *)defaults[i], strlen(defaults[i])};
        }
    }
    if (s->tokenizer_config.data) {
        TRY(json_read(&c->config, s->tokenizer_config, "tokenizer_config.json", err));
        TRY(read_config(c, err));
    }
    /* A newer tokenizer_config.json holds all added tokens and makes the older files void. */
    if (json_object_get(c->config, "added_tokens_decoder")) {
        return OK;
    }
    if (s->special_tokens_map.data) {
        TRY(json_read(&c->map, s->special_tokens_map, "special_tokens_map.json", err));
        TRY(read_specials(c, c->map, "special_tokens_map.json", err));
    }
    if (s->added_tokens.data) {
        TRY(json_read(&c->added, s->added_tokens, "added_tokens.json", err));
    }
    return OK;
}

void tokenizer_config_clear(tokenizer_config *c)
{
    json_decref(c->config);
    json_decref(c->map);
    json_decref(c->added);
    *c = (tokenizer_config){0};
}

bool tokenizer_config_is(const tokenizer_config *c, const char *const *names)
{
    for (; c->class_name && *names; names++) {
        const size_t len = strlen(*names);
        const char *rest = c->class_name + len;
        if (strncmp(c->class_name, *names, len) == 0 && (!*rest || strcmp(rest, "Fast") == 0)) {
            return true;
        }
    }
    return false;
}

status tokenizer_config_refuse_class(const tokenizer_config *c, error *err)
{
    return error_set(err, ERR_ARTEFACT,
                     "tokenizer_config.json: tokenizer_class '%.64s' is not supported without "
                     "tokenizer.json",
                     c->class_name);
}
