/* The tokens that configuration files add to a vocabulary, in the order that gives them the ids
 * which `transformers` gives them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/tokenizer_config.h"

/* One token that a file gives an id. */
typedef struct {
    size_t id;
    span content;
    added_flags flags;
} placed_token;

static int by_id(const void *a, const void *b)
{
    const placed_token *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* A special token that a file names with flags of its own keeps those. */
static added_flags flags_of(const tokenizer_config *c, span content)
{
    for (size_t i = 0; i < SPECIAL_NAMES; i++) {
        const special_token *s = &c->special[i];
        if (s->content.data && s->content.len == content.len &&
            (content.len == 0 || memcmp(s->content.data, content.data, content.len) == 0)) {
            return s->flags;
        }
    }
    return (added_flags){.normalized = true};
}

static status parse_id(size_t *id, const char *key, const char *where, error *err)
{
    char *end = NULL;
    const unsigned long long n = *key >= '0' && *key <= '9' ? strtoull(key, &end, 10) : 0;
    if (!end || *end || n >= VOCAB_MAX_ID) {
        return error_set(err, ERR_ARTEFACT, "%s: '%.64s' is no token id below %d", where, key,
                         VOCAB_MAX_ID);
    }
    *id = (size_t)n;
    return OK;
}

/* "added_tokens_decoder": {"100": {"content": "[UNK]", "special": true, …}, …} */
static status read_decoder(placed_token *out, json_t *decoder, error *err)
{
    static const char where[] = "tokenizer_config.json: added_tokens_decoder";
    const char *key;
    json_t *token;
    json_object_foreach(decoder, key, token)
    {
        TRY(parse_id(&out->id, key, where, err));
        const json_t *content = json_object_get(token, "content");
        if (!json_is_string(content)) {
            return error_set(err, ERR_ARTEFACT, "%s.%s: must have the string 'content'", where,
                             key);
        }
        out->content =
            (span){(const uint8_t *)json_string_value(content), json_string_length(content)};
        TRY(tokenizer_read_flags(&out->flags, token, where, err));
        out++;
    }
    return OK;
}

/* added_tokens.json: {"token": id, …} */
static status read_added(placed_token *out, json_t *added, const tokenizer_config *c, error *err)
{
    const char *key;
    json_t *id;
    json_object_foreach(added, key, id)
    {
        TRY(json_get_size(added, key, true, 0, VOCAB_MAX_ID - 1, &out->id, "added_tokens.json",
                          err));
        out->content = (span){(const uint8_t *)key, strlen(key)};
        out->flags = flags_of(c, out->content);
        out++;
    }
    return OK;
}

static status add_placed(tokenizer *t, placed_token *tokens, size_t n, const char *where,
                         error *err)
{
    qsort(tokens, n, sizeof *tokens, by_id);
    for (size_t i = 0; i < n; i++) {
        uint32_t id;
        const status st = tokenizer_add_token(t, tokens[i].content, tokens[i].flags, &id, err);
        if (st != OK) {
            error_prefix(err, "%s", where);
            return st;
        }
        TRY(tokenizer_check_id(tokens[i].content, id, tokens[i].id, where, err));
    }
    return OK;
}

static status add_from_files(const tokenizer_config *c, tokenizer *t, error *err)
{
    json_t *decoder;
    TRY(json_get_object(c->config, "added_tokens_decoder", false, &decoder, "tokenizer_config.json",
                        err));
    const size_t n = json_object_size(decoder ? decoder : c->added);
    if (n == 0) {
        return OK;
    }
    placed_token *tokens = mem_new(n, sizeof *tokens);
    if (!tokens) {
        return error_memory(err);
    }
    status st = decoder ? read_decoder(tokens, decoder, err) : read_added(tokens, c->added, c, err);
    if (st == OK) {
        st = add_placed(t, tokens, n, decoder ? "tokenizer_config.json" : "added_tokens.json", err);
    }
    mem_free(tokens);
    return st;
}

/* "additional_special_tokens": ["<x>", {"content": "<y>", …}, …] */
static status add_extra(tokenizer *t, const json_t *doc, const char *where, error *err)
{
    static const char *const keys[] = {"extra_special_tokens", "additional_special_tokens"};
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(doc, keys[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *value = json_array_get(list, i);
            const json_t *content =
                json_is_object(value) ? json_object_get(value, "content") : value;
            if (!json_is_string(content)) {
                return error_set(err, ERR_ARTEFACT,
                                 "%s: %s[%zu] must be a string or have "
                                 "'content'",
                                 where, keys[k], i);
            }
            added_flags flags = {0};
            if (json_is_object(value)) {
                TRY(tokenizer_read_flags(&flags, value, where, err));
            }
            uint32_t id;
            TRY(tokenizer_add_token(
                t, (span){(const uint8_t *)json_string_value(content), json_string_length(content)},
                flags, &id, err));
        }
    }
    return OK;
}

status tokenizer_config_add_tokens(const tokenizer_config *c, tokenizer *t,
                                   uint32_t ids[SPECIAL_NAMES], error *err)
{
    TRY(add_from_files(c, t, err));
    for (size_t i = 0; i < SPECIAL_NAMES; i++) {
        const special_token *s = &c->special[i];
        ids[i] = VOCAB_NONE;
        if (!s->content.data || s->content.len == 0) {
            continue;
        }
        ids[i] = vocab_find(&t->added, s->content);
        if (ids[i] == VOCAB_NONE) {
            TRY(tokenizer_add_token(t, s->content, s->flags, &ids[i], err));
        }
    }
    TRY(add_extra(t, c->config, "tokenizer_config.json", err));
    return add_extra(t, c->map, "special_tokens_map.json", err);
}
