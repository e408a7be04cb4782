/* Prints the ids of each record of a file, for comparisons with other tokenizers.
 *
 * usage: tokenize_lines DIRECTORY FILE [MAX_TOKENS] [offsets]
 *
 * A record of FILE is the length of a text and that of its pair (2^32 - 1 for none), 32 bits each
 * and little endian, and their bytes. It becomes a line of ids, with a `|` and the types behind
 * where there is a pair and a `!` where tokens were left out; `offsets` prints id:begin:end.
 * A record that cannot be encoded becomes a line with the error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/tokenizer.h"

static void print(const encoding *e, bool types, bool offsets)
{
    for (size_t i = 0; i < e->len; i++) {
        printf(i ? " %" PRIu32 : "%" PRIu32, e->ids[i]);
        if (offsets) {
            printf(":%" PRIu32 ":%" PRIu32, e->begin[i], e->end[i]);
        }
    }
    for (size_t i = 0; types && i < e->len; i++) {
        printf(i ? " %" PRIu32 : "|%" PRIu32, e->types[i]);
    }
    if (e->truncated) {
        printf("!");
    }
    printf("\n");
}

static void encode(const tokenizer *t, encoding *e, span text, span pair, size_t max_tokens,
                   bool offsets)
{
    error err = {0};
    if (tokenizer_encode(t, e, text, pair, max_tokens, &err) == OK) {
        print(e, pair.data != NULL, offsets);
    } else {
        printf("error: %s\n", err.text);
    }
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static bool encode_all(const tokenizer *t, span file, size_t max_tokens, bool offsets)
{
    encoding e = {0};
    size_t at = 0;
    while (file.len - at >= 8) {
        const uint32_t len = read_u32(file.data + at), pair_len = read_u32(file.data + at + 4);
        const size_t second = pair_len == UINT32_MAX ? 0 : pair_len;
        at += 8;
        if (file.len - at < len || file.len - at - len < second) {
            break;
        }
        const span text = {file.data + at, len};
        const span pair = {file.data + at + len, second};
        encode(t, &e, text, pair_len == UINT32_MAX ? (span){0} : pair, max_tokens, offsets);
        at += len + second;
    }
    encoding_clear(&e);
    return at == file.len;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s DIRECTORY FILE [MAX_TOKENS] [offsets]\n", argv[0]);
        return 2;
    }
    const size_t max_tokens = argc > 3 ? strtoull(argv[3], NULL, 10) : SIZE_MAX;
    const bool offsets = argc > 4;
    error err = {0};
    tokenizer *t = NULL;
    file_map file = {0};
    status st = tokenizer_open(&t, argv[1], &err);
    if (st == OK) {
        st = file_open(&file, argv[2], SIZE_MAX, &err);
    }
    if (st != OK) {
        fprintf(stderr, "%s\n", err.text);
        return -st;
    }
    const bool whole = encode_all(t, file.bytes, max_tokens, offsets);
    tokenizer_free(t);
    file_close(&file);
    return whole ? 0 : 2;
}
