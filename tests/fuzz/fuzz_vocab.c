/* vocab.txt, or vocab.json and merges.txt, with configuration, from files that nobody vouches for.
 * The first byte says which; then the files one behind the other, NUL between them. */
#include <string.h>

#include "check_encoding.h"
#include "model/tokenizer_source.h"

/* The bytes before the next NUL, which are taken off `rest`. */
static span take_file(span *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\0', rest->len) : NULL;
    const size_t len = end ? (size_t)(end - rest->data) : rest->len;
    const span file = {rest->data, len};
    const size_t gone = end ? len + 1 : len;
    *rest = (span){rest->data + gone, rest->len - gone};
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    span rest = {data + 1, len - 1};
    tokenizer_source source = {0};
    if (data[0] & 1) {
        source.vocab_json = take_file(&rest);
        source.merges_txt = take_file(&rest);
    } else {
        source.vocab_txt = take_file(&rest);
    }
    source.tokenizer_config = data[0] & 2 ? take_file(&rest) : (span){0};
    source.special_tokens_map = data[0] & 4 ? take_file(&rest) : (span){0};
    source.added_tokens = data[0] & 8 ? take_file(&rest) : (span){0};
    tokenizer *t;
    error err = {0};
    const status st = tokenizer_from_source(&t, &source, &err);
    if (st != OK) {
        CHECK(st == ERR_ARTEFACT && !t && err.code == st && err.text[0]);
        return 0;
    }
    encoding e = {0};
    const span text = nasty_text(), pair = {text.data + 1, 60};
    encode_checked(t, &e, text, (span){0}, SIZE_MAX);
    encode_checked(t, &e, pair, pair, 17);
    encoding_clear(&e);
    tokenizer_free(t);
    return 0;
}
