/* From normalised text to words, and each word to the model. */
#include <string.h>

#include "model/tokenizer_parts.h"
#include "model/unicode.h"

static status word(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                   const norm_text *text, size_t begin, size_t end, error *err)
{
    const span bytes = {text->bytes + begin, end - begin};
    const text_range *from = text->from + begin;
    if (bytes.len == 0) {
        return OK;
    }
    if (t->model == MODEL_BYTE_BPE) {
        return byte_bpe_encode(&t->bpe, &s->bpe, out, bytes, from, err);
    }
    return wordpiece_encode(&t->wordpiece, out, bytes, from, err);
}

/* What a code point does to the word before it. */
typedef enum { CHAR_GOES, CHAR_ALONE, CHAR_WORD, CHAR_OTHER } char_kind;

static char_kind kind_of(split_kind split, uint32_t c)
{
    const unsigned is = unicode_class(c);
    if (is & UNICODE_SPACE) {
        return CHAR_GOES;
    }
    if (split == SPLIT_BERT && is & UNICODE_PUNCT) {
        return CHAR_ALONE;
    }
    return split == SPLIT_WORDS && !(is & UNICODE_WORD) ? CHAR_OTHER : CHAR_WORD;
}

/* Words are runs of one kind; white space goes, and what stands alone is a word each. */
static status split_runs(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                         size_t begin, size_t end, error *err)
{
    const norm_text *text = &s->norm.out;
    size_t start = begin;
    char_kind last = CHAR_GOES;
    for (size_t i = begin; i < end;) {
        uint32_t c;
        const size_t n = utf8_next(&c, text->bytes + i);
        const char_kind kind = kind_of(t->split, c);
        if (kind != last || kind == CHAR_ALONE) {
            if (last != CHAR_GOES) {
                TRY(word(t, s, out, text, start, i, err));
            }
            start = i;
            last = kind;
        }
        i += n;
    }
    return last == CHAR_GOES ? OK : word(t, s, out, text, start, end, err);
}

/* The stretch with a space before it, which stands for the same as its first character. */
static status prefix(norm_text *out, const norm_text *in, size_t begin, size_t end)
{
    const size_t len = end - begin;
    if (!mem_reserve((void **)&out->bytes, &out->bytes_cap, len + 1, sizeof *out->bytes) ||
        !mem_reserve((void **)&out->from, &out->from_cap, len + 1, sizeof *out->from)) {
        return ERR_RESOURCE;
    }
    out->bytes[0] = ' ';
    out->from[0] = in->from[begin];
    memcpy(out->bytes + 1, in->bytes + begin, len);
    memcpy(out->from + 1, in->from + begin, len * sizeof *in->from);
    out->len = len + 1;
    return OK;
}

static status split_bytes(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                          size_t begin, size_t end, error *err)
{
    const norm_text *text = &s->norm.out;
    if (t->prefix_space && begin < end && text->bytes[begin] != ' ') {
        if (prefix(&s->prefixed, text, begin, end) != OK) {
            return error_memory(err);
        }
        text = &s->prefixed;
        begin = 0;
        end = text->len;
    }
    while (begin < end) {
        const size_t len = end - begin;
        const size_t n = t->split == SPLIT_GPT2 ? split_gpt2(text->bytes + begin, len) : len;
        TRY(word(t, s, out, text, begin, begin + n, err));
        begin += n;
    }
    return OK;
}

status split_and_encode(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                        size_t begin, size_t end, error *err)
{
    return t->split == SPLIT_GPT2 || t->split == SPLIT_NONE
               ? split_bytes(t, s, out, begin, end, err)
               : split_runs(t, s, out, begin, end, err);
}
