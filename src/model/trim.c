/* Offsets without the white space that byte-level tokens begin or end with. */
#include <string.h>

#include "model/tokenizer_parts.h"
#include "model/unicode.h"

/* White space at the ends of what a token is written as, where a space is the byte-level one. */
typedef struct {
    size_t leading, trailing; /* characters */
} spaces;

static bool is_space(uint32_t c)
{
    return c == byte_bpe_character(' ') || unicode_class(c) & UNICODE_SPACE;
}

static spaces count_spaces(span token)
{
    spaces n = {0, 0};
    bool only = true;
    for (size_t i = 0; i < token.len;) {
        uint32_t c;
        i += utf8_next(&c, token.data + i);
        const bool space = is_space(c);
        only = only && space;
        n.leading += only;
        n.trailing = space ? n.trailing + 1 : 0;
    }
    return n;
}

/* As a model writes it; added tokens are written as they stand in the text. */
static span written(const tokenizer *t, const model_token *token, span text)
{
    if (token->added) {
        return (span){text.data + token->from.begin, token->from.end - token->from.begin};
    }
    const char *piece = vocab_token(&t->pieces, token->id);
    return (span){(const uint8_t *)piece, piece ? strlen(piece) : 0};
}

static uint32_t forward(span text, uint32_t at, uint32_t end, size_t n)
{
    while (n-- > 0 && at < end) {
        at += (uint32_t)utf8_length(text.data[at]);
    }
    return at < end ? at : end;
}

static uint32_t backward(span text, uint32_t at, uint32_t begin, size_t n)
{
    const uint32_t was = at;
    while (n > 0 && at > 0) {
        do {
            at--;
        } while ((text.data[at] & 0xC0) == 0x80);
        n--;
    }
    return n > 0 ? was : at > begin ? at : begin; /* as `tokenizers`: not before the text begins */
}

void trim_offsets(const tokenizer *t, token_list *tokens, span text)
{
    for (size_t i = 0; t->trim && i < tokens->len; i++) {
        text_range *from = &tokens->items[i].from;
        spaces n = count_spaces(written(t, &tokens->items[i], text));
        const bool first = i == 0 || from->begin == 0;
        if (first && t->trim_keeps_first && n.leading == 1) {
            n.leading = 0; /* it may be the prefix space, which is not in the text */
        }
        from->begin = forward(text, from->begin, from->end, n.leading);
        if (n.trailing > 0) {
            from->end = backward(text, from->end, from->begin, n.trailing);
        }
    }
}
