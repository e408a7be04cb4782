#include "model/tokenizer_parts.h"

#include "base/mem.h"
#include "model/unicode.h"

static status push_added(token_list *out, uint32_t id, text_range from, error *err)
{
    if (token_push(out, id, from) != OK) {
        return error_memory(err);
    }
    out->items[out->len - 1].added = true;
    return OK;
}

/* The tokens of what lies between two added tokens of the text as it is. */
static status encode_stretch(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                             span text, added_piece stretch, error *err)
{
    const span part = {text.data + stretch.begin, stretch.end - stretch.begin};
    TRY(normalise(&t->normaliser, &s->norm, part, (uint32_t)stretch.begin, err));
    const norm_text *norm = &s->norm.out;
    s->normal.len = 0;
    TRY(added_split(&t->normal, &s->normal, (span){norm->bytes, norm->len}, err));
    for (size_t i = 0; i < s->normal.len; i++) {
        const added_piece p = s->normal.items[i];
        if (p.id == VOCAB_NONE) {
            TRY(split_and_encode(t, s, out, p.begin, p.end, err));
            continue;
        }
        const text_range from = {norm->from[p.begin].begin, norm->from[p.end - 1].end};
        TRY(push_added(out, p.id, from, err));
    }
    return OK;
}

static status encode_text(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                          span text, error *err)
{
    out->len = 0;
    if (text.len > TOKENIZER_MAX_TEXT) {
        return error_set(err, ERR_ARTEFACT, "text has %zu bytes, at most %d are allowed", text.len,
                         TOKENIZER_MAX_TEXT);
    }
    TRY(utf8_check(text, "text", err));
    s->literal.len = 0;
    TRY(added_split(&t->literal, &s->literal, text, err));
    for (size_t i = 0; i < s->literal.len; i++) {
        const added_piece p = s->literal.items[i];
        const text_range from = {(uint32_t)p.begin, (uint32_t)p.end};
        TRY(p.id == VOCAB_NONE ? encode_stretch(t, s, out, text, p, err)
                               : push_added(out, p.id, from, err));
    }
    trim_offsets(t, out, text);
    return OK;
}

static status need_scratch(encoding *out, error *err)
{
    if (!out->scratch) {
        out->scratch = mem_new(1, sizeof *out->scratch);
    }
    return out->scratch ? OK : error_memory(err);
}

status tokenizer_encode(const tokenizer *t, encoding *out, span text, span pair, size_t max_tokens,
                        error *err)
{
    out->len = 0;
    out->truncated = false;
    TRY(need_scratch(out, err));
    struct tokenizer_scratch *s = out->scratch;
    const token_template *around = pair.data ? &t->pair : &t->single;
    const size_t specials = template_specials(around);
    if (max_tokens < specials) {
        return error_set(err, ERR_USAGE, "max_tokens is %zu, the special tokens alone are %zu",
                         max_tokens, specials);
    }
    TRY(encode_text(t, s, &s->first, text, err));
    s->second.len = 0;
    if (pair.data) {
        TRY(encode_text(t, s, &s->second, pair, err));
    }
    const size_t room = max_tokens - specials;
    size_t first = s->first.len, second = s->second.len;
    if (pair.data) {
        out->truncated = template_truncate(&first, &second, room);
    } else if (first > room) {
        first = room;
        out->truncated = true;
    }
    return template_apply(around, out, &s->first, first, &s->second, second, err);
}

static void scratch_free(struct tokenizer_scratch *s)
{
    if (s) {
        norm_scratch_clear(&s->norm);
        mem_free(s->prefixed.bytes);
        mem_free(s->prefixed.from);
        bpe_scratch_clear(&s->bpe);
        mem_free(s->literal.items);
        mem_free(s->normal.items);
        mem_free(s->first.items);
        mem_free(s->second.items);
        mem_free(s);
    }
}

void encoding_clear(encoding *e)
{
    mem_free(e->ids);
    mem_free(e->types);
    mem_free(e->begin);
    mem_free(e->end);
    scratch_free(e->scratch);
    *e = (encoding){0};
}

void tokenizer_free(tokenizer *t)
{
    if (t) {
        vocab_clear(&t->pieces);
        vocab_clear(&t->added);
        added_set_clear(&t->literal);
        added_set_clear(&t->normal);
        wordpiece_clear(&t->wordpiece);
        byte_bpe_clear(&t->bpe);
        mem_free(t);
    }
}

size_t tokenizer_vocab(const tokenizer *t)
{
    return t->pieces.end > t->added.end ? t->pieces.end : t->added.end;
}

const char *tokenizer_token(const tokenizer *t, uint32_t id)
{
    const char *token = vocab_token(&t->added, id);
    return token ? token : vocab_token(&t->pieces, id);
}

size_t tokenizer_max_tokens(const tokenizer *t)
{
    return t->max_tokens;
}
