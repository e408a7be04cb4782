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

static bool same(span a, span b)
{
    return a.data && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static const char *const extra_keys[] = {"extra_special_tokens", "additional_special_tokens"};

/* An element of those lists: a string, or an object with its content. */
static span extra_content(const json_t *value)
{
    const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
    return (span){(const uint8_t *)json_string_value(content), json_string_length(content)};
}

static bool is_extra(const json_t *doc, span content)
{
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(doc, extra_keys[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (same(extra_content(json_array_get(list, i)), content)) {
                return true;
            }
        }
    }
    return false;
}

/* added_tokens.json has no flags: special tokens are looked for in the text as it is, the others
 * in the normalised text. */
static added_flags flags_of(const tokenizer_config *c, span content)
{
    bool special = is_extra(c->config, content) || is_extra(c->map, content);
    for (size_t i = 0; i < SPECIAL_NAMES; i++) {
        special = special || same(c->special[i].content, content);
    }
    return (added_flags){.normalized = !special};
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
        if (tokens[i].content.len == 0) {
            continue; /* stands for nothing */
        }
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

/* "additional_special_tokens": ["<x>", {"content": "<y>", …}, …]; what is added already stays as
 * it is. */
static status add_extra(tokenizer *t, const json_t *doc, const char *where, error *err)
{
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(doc, extra_keys[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *value = json_array_get(list, i);
            const span content = extra_content(value);
            if (!content.data) {
                return error_set(err, ERR_ARTEFACT,
                                 "%s: %s[%zu] must be a string or have 'content'", where,
                                 extra_keys[k], i);
            }
            if (content.len == 0 || vocab_find(&t->added, content) != VOCAB_NONE) {
                continue;
            }
            added_flags flags = {0};
            if (json_is_object(value)) {
                TRY(tokenizer_read_flags(&flags, value, where, err));
                flags.normalized = json_is_true(json_object_get(value, "normalized"));
            }
            uint32_t id;
            TRY(tokenizer_add_token(t, content, flags, &id, err));
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
