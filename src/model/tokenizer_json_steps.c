/* normalizer and pre_tokenizer of tokenizer.json. */
#include <string.h>

#include "model/tokenizer_json.h"

static const char in_normaliser[] = "tokenizer.json: normalizer";
static const char in_split[] = "tokenizer.json: pre_tokenizer";

static status add_step(normaliser *n, norm_step step, error *err)
{
    if (n->n == NORM_MAX_STEPS) {
        return error_set(err, ERR_ARTEFACT, "%s: more than %d steps", in_normaliser,
                         NORM_MAX_STEPS);
    }
    n->steps[n->n++] = step;
    return OK;
}

static status add_bert(normaliser *n, const json_t *section, error *err)
{
    bool clean = false, chinese = false, lower = false;
    TRY(json_get_bool(section, "clean_text", true, &clean, in_normaliser, err));
    TRY(json_get_bool(section, "handle_chinese_chars", true, &chinese, in_normaliser, err));
    TRY(json_get_bool(section, "lowercase", true, &lower, in_normaliser, err));
    bool strip = lower;
    TRY(json_get_bool(section, "strip_accents", false, &strip, in_normaliser, err));
    const struct {
        bool wanted;
        norm_step step;
    } steps[] = {{clean, NORM_STEP_CLEAN},
                 {chinese, NORM_STEP_CJK},
                 {strip, NORM_STEP_NFD},
                 {strip, NORM_STEP_DROP_MN},
                 {lower, NORM_STEP_LOWER}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].wanted) {
            TRY(add_step(n, steps[i].step, err));
        }
    }
    return OK;
}

/* One normaliser that is no sequence. */
static status add_normaliser(normaliser *n, const json_t *section, error *err)
{
    const char *type = NULL;
    TRY(json_get_string(section, "type", true, &type, in_normaliser, err));
    if (strcmp(type, "BertNormalizer") == 0) {
        return add_bert(n, section, err);
    }
    static const struct {
        const char *type;
        norm_step step;
    } known[] = {{"Lowercase", NORM_STEP_LOWER},
                 {"NFD", NORM_STEP_NFD},
                 {"StripAccents", NORM_STEP_DROP_MARKS}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(type, known[i].type) == 0) {
            return add_step(n, known[i].step, err);
        }
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: type '%.64s' is not supported (BertNormalizer, Lowercase, NFD, "
                     "StripAccents and one Sequence of them are)",
                     in_normaliser, type);
}

static bool is_sequence(const json_t *section)
{
    const char *type = json_string_value(json_object_get(section, "type"));
    return type && strcmp(type, "Sequence") == 0;
}

status tokenizer_json_normaliser(tokenizer *t, const json_t *section, error *err)
{
    if (!section) {
        return OK;
    }
    if (!is_sequence(section)) {
        return add_normaliser(&t->normaliser, section, err);
    }
    json_t *list;
    TRY(json_get_array(section, "normalizers", true, &list, in_normaliser, err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(add_normaliser(&t->normaliser, json_array_get(list, i), err));
    }
    return OK;
}

static status set_byte_level(tokenizer *t, const json_t *section, error *err)
{
    bool regex = true;
    TRY(json_get_bool(section, "use_regex", false, &regex, in_split, err));
    t->split = regex ? SPLIT_GPT2 : SPLIT_NONE;
    return json_get_bool(section, "add_prefix_space", true, &t->prefix_space, in_split, err);
}

static status set_split(tokenizer *t, const json_t *section, error *err)
{
    const char *type = NULL;
    TRY(json_get_string(section, "type", true, &type, in_split, err));
    if (strcmp(type, "ByteLevel") == 0) {
        return set_byte_level(t, section, err);
    }
    static const struct {
        const char *type;
        split_kind split;
    } known[] = {{"BertPreTokenizer", SPLIT_BERT},
                 {"Whitespace", SPLIT_WORDS},
                 {"WhitespaceSplit", SPLIT_WHITE_SPACE}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(type, known[i].type) == 0) {
            t->split = known[i].split;
            return OK;
        }
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: type '%.64s' is not supported (BertPreTokenizer, Whitespace, "
                     "WhitespaceSplit and ByteLevel are)",
                     in_split, type);
}

status tokenizer_json_split(tokenizer *t, const json_t *section, error *err)
{
    if (!section) {
        return error_set(err, ERR_ARTEFACT, "%s: must be there", in_split);
    }
    if (!is_sequence(section)) {
        return set_split(t, section, err);
    }
    json_t *list;
    TRY(json_get_array(section, "pretokenizers", true, &list, in_split, err));
    if (json_array_size(list) != 1) {
        return error_set(err, ERR_ARTEFACT, "%s: a Sequence of %zu is not supported (of one is)",
                         in_split, json_array_size(list));
    }
    return set_split(t, json_array_get(list, 0), err);
}
