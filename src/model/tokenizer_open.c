/* The files of a directory, and which of them make the tokenizer. */
#include "base/mem.h"
#include "model/tokenizer_bert.h"
#include "model/tokenizer_bpe.h"
#include "model/tokenizer_json.h"
#include "model/tokenizer_source.h"

static status read_source(tokenizer *t, const tokenizer_source *s, error *err)
{
    if (s->tokenizer_json.data) {
        return tokenizer_read_json(t, s, err);
    }
    if (s->vocab_txt.data) {
        return tokenizer_read_bert(t, s, err);
    }
    if (s->vocab_json.data && s->merges_txt.data) {
        return tokenizer_read_bpe(t, s, err);
    }
    return error_set(err, ERR_ARTEFACT,
                     "no tokenizer: neither tokenizer.json, nor vocab.txt, nor "
                     "vocab.json and merges.txt");
}

status tokenizer_from_source(tokenizer **out, const tokenizer_source *s, error *err)
{
    *out = NULL;
    tokenizer *t = mem_new(1, sizeof *t);
    if (!t) {
        return error_memory(err);
    }
    const status st = read_source(t, s, err);
    if (st != OK) {
        tokenizer_free(t);
        return st;
    }
    *out = t;
    return OK;
}

enum { N_FILES = 7, MAX_FILE_BYTES = 1 << 28 };

static const char *const file_names[N_FILES] = {"tokenizer.json",
                                                "vocab.txt",
                                                "vocab.json",
                                                "merges.txt",
                                                "tokenizer_config.json",
                                                "special_tokens_map.json",
                                                "added_tokens.json"};

static status open_file(file_map *map, span *bytes, const char *dir, const char *name, error *err)
{
    char *path = file_join(dir, name);
    if (!path) {
        return error_memory(err);
    }
    status st = OK;
    if (file_exists(path)) {
        st = file_open(map, path, MAX_FILE_BYTES, err);
        *bytes = map->bytes.data ? map->bytes : (span){(const uint8_t *)"", 0};
    }
    mem_free(path);
    return st;
}

status tokenizer_open(tokenizer **out, const char *dir, error *err)
{
    *out = NULL;
    file_map maps[N_FILES] = {0};
    tokenizer_source s = {0};
    span *const bytes[N_FILES] = {&s.tokenizer_json, &s.vocab_txt,        &s.vocab_json,
                                  &s.merges_txt,     &s.tokenizer_config, &s.special_tokens_map,
                                  &s.added_tokens};
    status st = OK;
    for (size_t i = 0; st == OK && i < N_FILES; i++) {
        st = open_file(&maps[i], bytes[i], dir, file_names[i], err);
    }
    if (st == OK) {
        st = tokenizer_from_source(out, &s, err);
        if (st != OK) {
            error_prefix(err, "%s", dir);
        }
    }
    for (size_t i = 0; i < N_FILES; i++) {
        file_close(&maps[i]);
    }
    return st;
}
