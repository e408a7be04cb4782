/* A RoBERTa or GPT-2 tokenizer from vocab.json and merges.txt. */
#include "model/tokenizer_bpe.h"

#include <string.h>

#include "model/tokenizer_config.h"
#include "model/tokenizer_json.h"

static const char *const gpt2_specials[SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<|endoftext|>",
    [SPECIAL_EOS] = "<|endoftext|>",
    [SPECIAL_UNK] = "<|endoftext|>",
};

static const char *const roberta_specials[SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<s>",     [SPECIAL_EOS] = "</s>",  [SPECIAL_UNK] = "<unk>",
    [SPECIAL_SEP] = "</s>",    [SPECIAL_PAD] = "<pad>", [SPECIAL_CLS] = "<s>",
    [SPECIAL_MASK] = "<mask>",
};

static status read_vocab(vocab *pieces, span text, error *err)
{
    json_t *doc;
    TRY(json_read(&doc, text, "vocab.json", err));
    const status st = tokenizer_json_vocab(pieces, doc, "vocab.json", err);
    json_decref(doc);
    return st;
}

static span without_cr(span line)
{
    line.len -= line.len > 0 && line.data[line.len - 1] == '\r';
    return line;
}

/* A merge a line, "left right"; lines that begin with #version are none. */
static status read_merges(byte_bpe *b, span text, error *err)
{
    static const char version[] = "#version";
    size_t number = 1;
    for (size_t at = 0; at < text.len; number++) {
        const uint8_t *rest = text.data + at;
        const uint8_t *newline = memchr(rest, '\n', text.len - at);
        const size_t len = newline ? (size_t)(newline - rest) : text.len - at;
        const span line = without_cr((span){rest, len});
        span left, right;
        at += len + 1;
        if (line.len >= 8 && memcmp(line.data, version, 8) == 0) {
            continue;
        }
        if (!bpe_parse_merge(line, &left, &right)) {
            return error_set(err, ERR_ARTEFACT, "merges.txt: line %zu must be two tokens", number);
        }
        const status st = byte_bpe_add_merge(b, left, right, err);
        if (st != OK) {
            error_prefix(err, "merges.txt: line %zu", number);
            return st;
        }
    }
    return OK;
}

static bool has(const vocab *pieces, const char *piece)
{
    return vocab_find(pieces, (span){(const uint8_t *)piece, strlen(piece)}) != VOCAB_NONE;
}

static const char *const gpt2_classes[] = {"GPT2Tokenizer", NULL};
static const char *const roberta_classes[] = {"RobertaTokenizer", "BartTokenizer",
                                              "LongformerTokenizer", NULL};

/* The class's name, else what the vocabulary looks like. */
static status find_family(const tokenizer *t, const tokenizer_source *s, bool *roberta, error *err)
{
    tokenizer_config c;
    status st = tokenizer_config_read(&c, s, NULL, err);
    *roberta = c.class_name ? tokenizer_config_is(&c, roberta_classes)
                            : has(&t->pieces, "<s>") && has(&t->pieces, "</s>");
    if (st == OK && c.class_name && !*roberta && !tokenizer_config_is(&c, gpt2_classes)) {
        st = tokenizer_config_refuse_class(&c, err);
    }
    tokenizer_config_clear(&c);
    return st;
}

static status set_up(tokenizer *t, const tokenizer_config *c, bool roberta, error *err)
{
    uint32_t ids[SPECIAL_NAMES];
    TRY(tokenizer_config_add_tokens(c, t, ids, err));
    tokenizer_seal(t);
    t->model = MODEL_BYTE_BPE;
    t->split = SPLIT_GPT2;
    t->prefix_space = c->add_prefix_space;
    t->max_tokens = c->max_tokens;
    template_set_plain(&t->single, &t->pair);
    if (roberta) {
        if (ids[SPECIAL_CLS] == VOCAB_NONE || ids[SPECIAL_SEP] == VOCAB_NONE) {
            return error_set(err, ERR_ARTEFACT,
                             "tokenizer_config.json: cls_token and sep_token must be given");
        }
        t->trim = c->trim_offsets;
        t->trim_keeps_first = c->add_prefix_space;
        template_set_roberta(&t->single, &t->pair, ids[SPECIAL_CLS], ids[SPECIAL_SEP]);
    }
    return OK;
}

status tokenizer_read_bpe(tokenizer *t, const tokenizer_source *s, error *err)
{
    bool roberta = false;
    TRY(read_vocab(&t->pieces, s->vocab_json, err));
    byte_bpe_init(&t->bpe, &t->pieces);
    TRY(read_merges(&t->bpe, s->merges_txt, err));
    TRY(find_family(t, s, &roberta, err));
    tokenizer_config c;
    status st = tokenizer_config_read(&c, s, roberta ? roberta_specials : gpt2_specials, err);
    if (st == OK) {
        st = set_up(t, &c, roberta, err);
    }
    tokenizer_config_clear(&c);
    return st;
}
