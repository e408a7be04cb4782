#define _GNU_SOURCE
#include "model/part.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/copy.h"

enum { MODULES_MAX_BYTES = 1 << 20 };

static status copy_one(const char *dst, const char *src, const char *name, error *err)
{
    if (!file_exists_in(src, name)) {
        return OK;
    }
    char *to = file_join(dst, name), *from = file_join(src, name);
    const status st = to && from ? copy_file(to, from, err) : error_memory(err);
    mem_free(to);
    mem_free(from);
    return st;
}

static status copy_names(const char *dst, const char *src, const char *const *names, size_t n,
                         error *err)
{
    for (size_t i = 0; i < n; i++) {
        TRY(copy_one(dst, src, names[i], err));
    }
    return OK;
}

/* The config.json of one module's folder, whose name model_open has found to be a plain one. */
static status copy_module(const char *dst, const char *src, const char *folder, error *err)
{
    char *to = file_join(dst, folder), *from = file_join(src, folder);
    status st = to && from ? OK : error_memory(err);
    if (st == OK && file_exists_in(from, "config.json")) {
        st = mkdir(to, 0777) == 0
                 ? copy_one(to, from, "config.json", err)
                 : error_set(err, ERR_RESOURCE, "%s: cannot be made: %s", to, strerror(errno));
    }
    mem_free(to);
    mem_free(from);
    return st;
}

static status copy_modules(const char *dst, const char *src, const json_t *list, error *err)
{
    for (size_t i = 1; i < json_array_size(list); i++) { /* the first is the directory itself */
        const json_t *module = json_array_get(list, i);
        const char *folder = json_string_value(json_object_get(module, "path"));
        if (folder && folder[0] && folder[0] != '.' && !strchr(folder, '/')) {
            TRY(copy_module(dst, src, folder, err));
        }
    }
    return OK;
}

/* What says how an embedding is pooled, in the manner of sentence-transformers. */
static status copy_pooling(const char *dst, const char *src, error *err)
{
    static const char *const names[] = {"modules.json", "sentence_bert_config.json"};
    TRY(copy_names(dst, src, names, sizeof names / sizeof *names, err));
    if (!file_exists_in(src, names[0])) {
        return OK;
    }
    char *path = file_join(src, names[0]);
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    json_t *list = NULL;
    status st = file_open(&file, path, MODULES_MAX_BYTES, err);
    if (st == OK) {
        st = json_read_array(&list, file.bytes, path, err);
    }
    if (st == OK) {
        st = copy_modules(dst, src, list, err);
    }
    json_decref(list);
    file_close(&file);
    mem_free(path);
    return st;
}

status part_copy_terms(const char *dir, const model *m, error *err)
{
    static const char *const names[] = {"LICENSE", "NOTICE"};
    TRY(copy_names(dir, m->dir, names, sizeof names / sizeof *names, err));
    return m->head.kind == HEAD_EMBEDDING ? copy_pooling(dir, m->dir, err) : OK;
}

status part_copy_tokenizer(const char *dir, const model *m, error *err)
{
    static const char *const names[] = {"tokenizer.json",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "added_tokens.json",
                                        "vocab.txt",
                                        "vocab.json",
                                        "merges.txt"};
    return copy_names(dir, m->dir, names, sizeof names / sizeof *names, err);
}
