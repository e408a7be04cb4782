/* What holds for every encoding, whatever the tokenizer and the text. */
#ifndef TACIT_TESTS_CHECK_ENCODING_H
#define TACIT_TESTS_CHECK_ENCODING_H

#include "model/tokenizer.h"

static inline void check_encoding(const tokenizer *t, const encoding *e, span text, span pair,
                                  size_t max_tokens)
{
    CHECK(e->len <= max_tokens);
    const size_t longest = text.len > pair.len ? text.len : pair.len;
    for (size_t i = 0; i < e->len; i++) {
        CHECK(e->ids[i] < tokenizer_vocab(t) && tokenizer_token(t, e->ids[i]));
        CHECK(e->begin[i] <= e->end[i] && e->end[i] <= longest);
    }
}

/* Encode what the tokenizer's limits allow; whether it did. */
static inline bool encode_checked(const tokenizer *t, encoding *e, span text, span pair,
                                  size_t max_tokens)
{
    error err = {0};
    const status st = tokenizer_encode(t, e, text, pair, max_tokens, &err);
    if (st != OK) {
        CHECK(st == ERR_ARTEFACT || st == ERR_USAGE);
        CHECK(err.code == st && err.text[0]);
        return false;
    }
    check_encoding(t, e, text, pair, max_tokens);
    return true;
}

/* Text with something of everything. */
static inline span nasty_text(void)
{
    static const char text[] =
        "Hello,  wORLD's a ab abc <x> <mask>  [MASK]\t\r\n\xc2\xa0 caf\xc3\xa9 e\xcc\x81\xcc\xb4 "
        "\xc4\xb0 \xe6\x88\x91\xe6\x98\xaf\xf0\xa0\x80\x80 \xea\xb0\x80 "
        "\xe2\x80\x8d\xf0\x9f\x91\x8d"
        "\xf0\x9f\x8f\xbd a\0b \x01\x7f\xef\xbf\xbd </s><|endoftext|> 3.14 don't aaaaaaaaaaaaaaaaaa"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
        " \xf4\x8f\xbf\xbf \xee\x80\x80   ";
    return (span){(const uint8_t *)text, sizeof text - 1};
}

#endif
