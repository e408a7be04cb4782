/* From normalised text to words, and each word to the model. */
#include "model/tokenizer_parts.h"
#include "model/unicode.h"

static status word(const tokenizer *t, struct tokenizer_scratch *s, token_list *out, size_t begin,
                   size_t end, error *err)
{
    const norm_text *text = &s->norm.out;
    const span bytes = {text->bytes + begin, end - begin};
    return bytes.len == 0 ? OK
                          : wordpiece_encode(&t->wordpiece, out, bytes, text->from + begin, err);
}

/* BertPreTokenizer: words end at white space, which goes, and at punctuation, each sign of which
 * is a word. */
static status split_bert(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                         size_t begin, size_t end, error *err)
{
    const uint8_t *bytes = s->norm.out.bytes;
    size_t start = begin;
    for (size_t i = begin; i < end;) {
        uint32_t c;
        const size_t next = i + utf8_next(&c, bytes + i);
        const unsigned is = unicode_class(c);
        if (is & (UNICODE_SPACE | UNICODE_PUNCT)) {
            TRY(word(t, s, out, start, i, err));
            if (!(is & UNICODE_SPACE)) {
                TRY(word(t, s, out, i, next, err));
            }
            start = next;
        }
        i = next;
    }
    return word(t, s, out, start, end, err);
}

status split_and_encode(const tokenizer *t, struct tokenizer_scratch *s, token_list *out,
                        size_t begin, size_t end, error *err)
{
    return split_bert(t, s, out, begin, end, err);
}
