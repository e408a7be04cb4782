/* A BERT tokenizer from vocab.txt: a token a line, its id the number of lines before. */
#include "model/tokenizer_bert.h"

#include <string.h>

#include "model/tokenizer_config.h"
#include "model/unicode.h"

/* The line without white space behind. */
static span trim_end(span line)
{
    while (line.len > 0) {
        const uint32_t c = utf8_before(line.data + line.len);
        if (!(unicode_class(c) & UNICODE_SPACE)) {
            break;
        }
        line.len--;
        while ((line.data[line.len] & 0xC0) == 0x80) {
            line.len--;
        }
    }
    return line;
}

static status read_lines(vocab *pieces, span text, error *err)
{
    TRY(utf8_check(text, "vocab.txt", err));
    size_t id = 0;
    for (size_t at = 0; at < text.len; id++) {
        const uint8_t *rest = text.data + at;
        const uint8_t *newline = memchr(rest, '\n', text.len - at);
        const size_t len = newline ? (size_t)(newline - rest) : text.len - at;
        if (id >= VOCAB_MAX_ID) {
            return error_set(err, ERR_ARTEFACT, "vocab.txt: more than %d lines", VOCAB_MAX_ID);
        }
        const status st = vocab_add(pieces, trim_end((span){rest, len}), (uint32_t)id, err);
        if (st != OK) {
            error_prefix(err, "vocab.txt: line %zu", id + 1);
            return st;
        }
        at += len + 1;
    }
    return OK;
}

static void set_normaliser(normaliser *n, const tokenizer_config *c)
{
    n->steps[n->n++] = NORM_STEP_CLEAN;
    if (c->chinese) {
        n->steps[n->n++] = NORM_STEP_CJK;
    }
    if (c->strip_accents) {
        n->steps[n->n++] = NORM_STEP_NFD;
        n->steps[n->n++] = NORM_STEP_DROP_MN;
    }
    if (c->lower_case) {
        n->steps[n->n++] = NORM_STEP_LOWER;
    }
}

static const char *const classes[] = {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
                                      "MobileBertTokenizer", NULL};

static status set_up(tokenizer *t, const tokenizer_config *c, span lines, error *err)
{
    if (c->class_name && !tokenizer_config_is(c, classes)) {
        return tokenizer_config_refuse_class(c, err);
    }
    if (!c->special[SPECIAL_UNK].content.data) {
        return error_set(err, ERR_ARTEFACT, "tokenizer_config.json: unk_token must be given");
    }
    TRY(read_lines(&t->pieces, lines, err));
    const span unknown = c->special[SPECIAL_UNK].content, prefix = {(const uint8_t *)"##", 2};
    const status st = wordpiece_init(&t->wordpiece, &t->pieces, prefix, unknown, 100, err);
    if (st != OK) {
        error_prefix(err, "vocab.txt");
        return st;
    }
    set_normaliser(&t->normaliser, c);
    t->max_tokens = c->max_tokens;
    uint32_t ids[SPECIAL_NAMES];
    TRY(tokenizer_config_add_tokens(c, t, ids, err));
    if (ids[SPECIAL_CLS] == VOCAB_NONE || ids[SPECIAL_SEP] == VOCAB_NONE) {
        return error_set(err, ERR_ARTEFACT,
                         "tokenizer_config.json: cls_token and sep_token must "
                         "be given");
    }
    template_set_bert(&t->single, &t->pair, ids[SPECIAL_CLS], ids[SPECIAL_SEP]);
    tokenizer_seal(t);
    return OK;
}

status tokenizer_read_bert(tokenizer *t, const tokenizer_source *s, error *err)
{
    static const char *const defaults[SPECIAL_NAMES] = {
        [SPECIAL_UNK] = "[UNK]", [SPECIAL_SEP] = "[SEP]",   [SPECIAL_PAD] = "[PAD]",
        [SPECIAL_CLS] = "[CLS]", [SPECIAL_MASK] = "[MASK]",
    };
    tokenizer_config c;
    status st = tokenizer_config_read(&c, s, defaults, err);
    if (st == OK) {
        st = set_up(t, &c, s->vocab_txt, err);
    }
    tokenizer_config_clear(&c);
    return st;
}
