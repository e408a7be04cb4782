/* post_processor of tokenizer.json: what stands around the tokens. */
#include <string.h>

#include "model/tokenizer_json.h"

static const char where[] = "tokenizer.json: post_processor";

enum { MAX_TYPE = 255 };

static status add(token_template *t, template_kind kind, size_t id, size_t type, error *err)
{
    const template_part part = {kind, (uint32_t)id, (uint32_t)type};
    const status st = template_add(t, part, err);
    if (st != OK) {
        error_prefix(err, "%s", where);
    }
    return st;
}

static status check_token(const tokenizer *t, size_t id, error *err)
{
    if (id < VOCAB_MAX_ID && tokenizer_token(t, (uint32_t)id)) {
        return OK;
    }
    return error_set(err, ERR_ARTEFACT, "%s: id %zu stands for no token", where, id);
}

/* "ids" of a special token, all of which take its place. */
static status add_special(const tokenizer *t, token_template *out, const json_t *specials,
                          const char *name, size_t type, error *err)
{
    const json_t *ids = json_object_get(json_object_get(specials, name), "ids");
    if (!json_is_array(ids)) {
        return error_set(err, ERR_ARTEFACT, "%s: special_tokens has no ids for '%.64s'", where,
                         name);
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0) {
            return error_set(err, ERR_ARTEFACT, "%s: ids of '%.64s' must be integers", where, name);
        }
        TRY(check_token(t, (size_t)json_integer_value(id), err));
        TRY(add(out, TEMPLATE_SPECIAL, (size_t)json_integer_value(id), type, err));
    }
    return OK;
}

/* {"SpecialToken": {"id": "[CLS]", "type_id": 0}} or {"Sequence": {"id": "A", "type_id": 0}} */
static status add_part(const tokenizer *t, token_template *out, const json_t *part,
                       const json_t *specials, error *err)
{
    json_t *special = NULL, *sequence = NULL;
    TRY(json_get_object(part, "SpecialToken", false, &special, where, err));
    TRY(json_get_object(part, "Sequence", !special, &sequence, where, err));
    const json_t *body = special ? special : sequence;
    const char *id = NULL;
    size_t type = 0;
    TRY(json_get_string(body, "id", true, &id, where, err));
    TRY(json_get_size(body, "type_id", true, 0, MAX_TYPE, &type, where, err));
    if (special) {
        return add_special(t, out, specials, id, type, err);
    }
    if (strcmp(id, "A") != 0 && strcmp(id, "B") != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: Sequence '%.64s' must be A or B", where, id);
    }
    return add(out, *id == 'A' ? TEMPLATE_FIRST : TEMPLATE_SECOND, 0, type, err);
}

static size_t count(const token_template *t, template_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        n += t->parts[i].kind == kind;
    }
    return n;
}

static status read_parts(const tokenizer *t, token_template *out, const json_t *section,
                         const char *key, const json_t *specials, error *err)
{
    json_t *parts;
    TRY(json_get_array(section, key, true, &parts, where, err));
    for (size_t i = 0; i < json_array_size(parts); i++) {
        TRY(add_part(t, out, json_array_get(parts, i), specials, err));
    }
    const size_t seconds = strcmp(key, "pair") == 0;
    if (count(out, TEMPLATE_FIRST) != 1 || count(out, TEMPLATE_SECOND) != seconds) {
        return error_set(err, ERR_ARTEFACT, "%s: '%s' must hold %s once", where, key,
                         seconds ? "A and B" : "A alone");
    }
    return OK;
}

static status read_template(tokenizer *t, const json_t *section, error *err)
{
    json_t *specials;
    TRY(json_get_object(section, "special_tokens", true, &specials, where, err));
    TRY(read_parts(t, &t->single, section, "single", specials, err));
    return read_parts(t, &t->pair, section, "pair", specials, err);
}

/* "cls": ["[CLS]", 101] */
static status read_named(const tokenizer *t, const json_t *section, const char *key, size_t *id,
                         error *err)
{
    json_t *pair;
    TRY(json_get_array(section, key, true, &pair, where, err));
    const json_t *value = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_integer(value) || json_integer_value(value) < 0) {
        return error_set(err, ERR_ARTEFACT, "%s: '%s' must be a token and its id", where, key);
    }
    *id = (size_t)json_integer_value(value);
    return check_token(t, *id, err);
}

static status read_bert(tokenizer *t, const json_t *section, error *err)
{
    size_t cls = 0, sep = 0;
    TRY(read_named(t, section, "cls", &cls, err));
    TRY(read_named(t, section, "sep", &sep, err));
    template_set_bert(&t->single, &t->pair, (uint32_t)cls, (uint32_t)sep);
    return OK;
}

static status read_trim(tokenizer *t, const json_t *section, error *err)
{
    TRY(json_get_bool(section, "trim_offsets", true, &t->trim, where, err));
    return json_get_bool(section, "add_prefix_space", true, &t->trim_keeps_first, where, err);
}

static status read_roberta(tokenizer *t, const json_t *section, error *err)
{
    size_t cls = 0, sep = 0;
    TRY(read_named(t, section, "cls", &cls, err));
    TRY(read_named(t, section, "sep", &sep, err));
    template_set_roberta(&t->single, &t->pair, (uint32_t)cls, (uint32_t)sep);
    return read_trim(t, section, err);
}

static status read_one(tokenizer *t, const json_t *section, error *err)
{
    const char *type = NULL;
    TRY(json_get_string(section, "type", true, &type, where, err));
    static const struct {
        const char *type;
        status (*read)(tokenizer *, const json_t *, error *);
    } known[] = {{"TemplateProcessing", read_template},
                 {"BertProcessing", read_bert},
                 {"RobertaProcessing", read_roberta},
                 {"ByteLevel", read_trim}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(type, known[i].type) == 0) {
            if (t->single.n > 0) {
                return error_set(err, ERR_ARTEFACT, "%s: '%s' behind another one is not supported",
                                 where, type);
            }
            return known[i].read(t, section, err);
        }
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: type '%.64s' is not supported (TemplateProcessing, BertProcessing, "
                     "RobertaProcessing, ByteLevel and one Sequence of them are)",
                     where, type);
}

static status read_all(tokenizer *t, const json_t *section, error *err)
{
    const char *type = json_string_value(json_object_get(section, "type"));
    if (!type || strcmp(type, "Sequence") != 0) {
        return read_one(t, section, err);
    }
    json_t *list;
    TRY(json_get_array(section, "processors", true, &list, where, err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(read_one(t, json_array_get(list, i), err));
    }
    return OK;
}

status tokenizer_json_post(tokenizer *t, const json_t *section, error *err)
{
    if (section) {
        TRY(read_all(t, section, err));
    }
    if (t->single.n == 0) {
        template_set_plain(&t->single, &t->pair);
    }
    return OK;
}
