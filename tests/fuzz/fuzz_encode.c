/* Any text into tokenizers that are sound. The first byte picks one and the limit of tokens. */
#include <string.h>

#include "base/mem.h"
#include "check_encoding.h"

static const char *const folders[] = {
    "tests/vectors/tokenizer/bert-files", "tests/vectors/tokenizer/bert-json",
    "tests/vectors/tokenizer/roberta-json", "tests/vectors/tokenizer/gpt2-files",
    "tests/vectors/tokenizer/bert-cased-files"};

enum { N_FOLDERS = sizeof folders / sizeof folders[0], GPT2 = 3 };

static tokenizer *open_once(size_t i)
{
    static tokenizer *opened[N_FOLDERS];
    error err = {0};
    if (!opened[i] && tokenizer_open(&opened[i], folders[i], &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return opened[i];
}

/* GPT-2 leaves nothing out: what the tokens stand for covers the text from left to right. */
static void check_covers(const encoding *e, span text)
{
    size_t done = 0;
    for (size_t i = 0; i < e->len; i++) {
        CHECK(e->begin[i] <= done && e->end[i] >= done);
        done = e->end[i];
    }
    CHECK(done == text.len);
}

/* The ids do not depend on what the encoding was used for before. */
static void check_same(const tokenizer *t, const encoding *e, span text)
{
    encoding fresh = {0};
    CHECK(encode_checked(t, &fresh, text, (span){0}, SIZE_MAX));
    CHECK(fresh.len == e->len);
    CHECK(e->len == 0 || memcmp(fresh.ids, e->ids, e->len * sizeof *e->ids) == 0);
    encoding_clear(&fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const size_t which = data[0] % N_FOLDERS, max_tokens = 3 + data[0] / N_FOLDERS;
    const tokenizer *t = open_once(which);
    const span text = {data + 1, len - 1}, half = {data + 1, (len - 1) / 2};
    encoding e = {0};
    if (encode_checked(t, &e, text, (span){0}, SIZE_MAX)) {
        if (which == GPT2) {
            check_covers(&e, text);
        }
        encode_checked(t, &e, half, text, max_tokens);
        CHECK(encode_checked(t, &e, text, (span){0}, SIZE_MAX));
        check_same(t, &e, text);
    }
    encoding_clear(&e);
    return 0;
}
