/* tokenizer.json from a file that nobody vouches for; what opens must encode. */
#include "check_encoding.h"
#include "model/tokenizer_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const tokenizer_source source = {.tokenizer_json = {data, len}};
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
