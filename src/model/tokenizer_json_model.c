/* model of tokenizer.json: WordPiece and BPE. */
#include <string.h>

#include "model/tokenizer_json.h"

static const char where[] = "tokenizer.json: model";

static status prefixed(status st, error *err, const char *prefix)
{
    if (st != OK) {
        error_prefix(err, "%s", prefix);
    }
    return st;
}

static status not_byte_level(const tokenizer *t, const char *type, bool wanted, error *err)
{
    if ((t->split == SPLIT_GPT2 || t->split == SPLIT_NONE) == wanted) {
        return OK;
    }
    return error_set(err, ERR_ARTEFACT, "%s: type '%s' is supported %s the pre_tokenizer ByteLevel",
                     where, type, wanted ? "only with" : "not with");
}

static status read_wordpiece(tokenizer *t, const json_t *section, error *err)
{
    json_t *tokens;
    const char *unknown = NULL, *prefix = NULL;
    size_t max_chars = 0;
    TRY(not_byte_level(t, "WordPiece", false, err));
    TRY(json_get_object(section, "vocab", true, &tokens, where, err));
    TRY(json_get_string(section, "unk_token", true, &unknown, where, err));
    TRY(json_get_string(section, "continuing_subword_prefix", true, &prefix, where, err));
    TRY(json_get_size(section, "max_input_chars_per_word", true, 0, WORDPIECE_MAX_CHARS, &max_chars,
                      where, err));
    TRY(tokenizer_json_vocab(&t->pieces, tokens, "tokenizer.json: model.vocab", err));
    const span unk = {(const uint8_t *)unknown, strlen(unknown)};
    const span pre = {(const uint8_t *)prefix, strlen(prefix)};
    t->model = MODEL_WORDPIECE;
    return prefixed(wordpiece_init(&t->wordpiece, &t->pieces, pre, unk, max_chars, err), err,
                    where);
}

/* A merge is "left right" or ["left", "right"]. */
static bool parse_merge(const json_t *merge, span *left, span *right)
{
    if (json_is_array(merge)) {
        const json_t *first = json_array_get(merge, 0), *second = json_array_get(merge, 1);
        if (json_array_size(merge) != 2 || !json_is_string(first) || !json_is_string(second)) {
            return false;
        }
        *left = json_span(first);
        *right = json_span(second);
        return true;
    }
    return json_is_string(merge) && bpe_parse_merge(json_span(merge), left, right);
}

static status read_merges(byte_bpe *b, const json_t *merges, error *err)
{
    for (size_t i = 0; i < json_array_size(merges); i++) {
        span left, right;
        const json_t *merge = json_array_get(merges, i);
        if (json_is_string(merge) && strncmp(json_string_value(merge), "#version", 8) == 0) {
            continue;
        }
        if (!parse_merge(merge, &left, &right)) {
            return error_set(err, ERR_ARTEFACT, "%s.merges[%zu]: must be two tokens", where, i);
        }
        const status st = byte_bpe_add_merge(b, left, right, err);
        if (st != OK) {
            error_prefix(err, "%s.merges[%zu]", where, i);
            return st;
        }
    }
    return OK;
}

/* Fields that change what the model does and have one value that is supported. */
static status refuse_variants(const json_t *section, error *err)
{
    static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    for (size_t i = 0; i < 2; i++) {
        const char *affix = NULL;
        TRY(json_get_string(section, affixes[i], false, &affix, where, err));
        if (affix && *affix) {
            return error_set(err, ERR_ARTEFACT, "%s: %s '%.64s' is not supported for BPE", where,
                             affixes[i], affix);
        }
    }
    bool fallback = false;
    double dropout = 0;
    TRY(json_get_bool(section, "byte_fallback", false, &fallback, where, err));
    TRY(json_get_double(section, "dropout", false, 0, 1, &dropout, where, err));
    if (fallback) {
        return error_set(err, ERR_ARTEFACT, "%s: byte_fallback true is not supported", where);
    }
    if (dropout > 0) {
        return error_set(err, ERR_ARTEFACT, "%s: dropout %g is not supported", where, dropout);
    }
    return OK;
}

static status read_bpe(tokenizer *t, const json_t *section, error *err)
{
    json_t *tokens, *merges;
    const char *unknown = NULL;
    TRY(not_byte_level(t, "BPE", true, err));
    TRY(refuse_variants(section, err));
    TRY(json_get_object(section, "vocab", true, &tokens, where, err));
    TRY(json_get_array(section, "merges", true, &merges, where, err));
    TRY(tokenizer_json_vocab(&t->pieces, tokens, "tokenizer.json: model.vocab", err));
    t->model = MODEL_BYTE_BPE;
    byte_bpe_init(&t->bpe, &t->pieces);
    TRY(json_get_bool(section, "ignore_merges", false, &t->bpe.whole_words, where, err));
    TRY(json_get_bool(section, "fuse_unk", false, &t->bpe.fuse_unknown, where, err));
    TRY(json_get_string(section, "unk_token", false, &unknown, where, err));
    if (unknown) {
        t->bpe.unknown = vocab_find(&t->pieces, (span){(const uint8_t *)unknown, strlen(unknown)});
        if (t->bpe.unknown == VOCAB_NONE) {
            return error_set(err, ERR_ARTEFACT, "%s: unk_token '%.64s' is not in the vocabulary",
                             where, unknown);
        }
    }
    return read_merges(&t->bpe, merges, err);
}

status tokenizer_json_model(tokenizer *t, const json_t *section, error *err)
{
    const char *type = NULL;
    TRY(json_get_string(section, "type", false, &type, where, err));
    if (!type) { /* older files leave it out */
        type = json_object_get(section, "merges") ? "BPE" : "WordPiece";
    }
    if (strcmp(type, "WordPiece") == 0) {
        return read_wordpiece(t, section, err);
    }
    if (strcmp(type, "BPE") == 0) {
        return read_bpe(t, section, err);
    }
    return error_set(err, ERR_ARTEFACT, "%s.type '%.64s' is not supported (WordPiece and BPE are)",
                     where, type);
}
