#include "model/sentence.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

enum { MAX_BYTES = 1 << 20 };

typedef status json_reader(json_t **out, span text, const char *name, error *err);

/* A file of the directory; *doc is NULL where it is not there. *path is given back by the caller,
 * who needs it for errors. */
static status read_file(json_t **doc, char **path, const char *dir, const char *name,
                        json_reader *read, error *err)
{
    *doc = NULL;
    *path = file_join(dir, name);
    if (!*path) {
        return error_memory(err);
    }
    if (!file_exists(*path)) {
        return OK;
    }
    file_map file;
    TRY(file_open(&file, *path, MAX_BYTES, err));
    const status st = read(doc, file.bytes, *path, err);
    file_close(&file);
    return st;
}

/* The one mode that is on, of the names in older files: pooling_mode_cls_token and the like. */
static status old_pooling_mode(const char **mode, const json_t *doc, const char *path, error *err)
{
    static const struct {
        const char *field, *mode;
    } rows[] = {
        {"pooling_mode_cls_token", "cls"},
        {"pooling_mode_mean_tokens", "mean"},
        {"pooling_mode_max_tokens", "max"},
        {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
        {"pooling_mode_weightedmean_tokens", "weightedmean"},
        {"pooling_mode_lasttoken", "lasttoken"},
    };
    *mode = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool on = false;
        TRY(json_get_bool(doc, rows[i].field, false, &on, path, err));
        if (on && *mode) {
            return error_set(err, ERR_ARTEFACT,
                             "%s: pooling by %s and %s together is not supported", path, *mode,
                             rows[i].mode);
        }
        *mode = on ? rows[i].mode : *mode;
    }
    *mode = *mode ? *mode : "mean";
    return OK;
}

static status read_pooling(model_config *c, const json_t *doc, const char *path, error *err)
{
    const char *mode = NULL;
    TRY(json_get_string(doc, "pooling_mode", false, &mode, path, err));
    if (!mode) {
        TRY(old_pooling_mode(&mode, doc, path, err));
    }
    if (strcmp(mode, "mean") == 0) {
        c->pool = POOL_MEAN;
    } else if (strcmp(mode, "cls") == 0) {
        c->pool = POOL_FIRST;
    } else {
        return error_set(err, ERR_ARTEFACT,
                         "%s: pooling '%.60s' is not supported; mean and cls are", path, mode);
    }
    return OK;
}

static status open_pooling(model_config *c, const char *dir, const char *folder, error *err)
{
    if (strchr(folder, '/') || folder[0] == '.') {
        return error_set(err, ERR_ARTEFACT, "%s/modules.json: path '%.100s' must be a plain name",
                         dir, folder);
    }
    char name[320];
    snprintf(name, sizeof name, "%.255s/config.json", folder);
    json_t *doc;
    char *path;
    status st = read_file(&doc, &path, dir, name, json_read, err);
    if (st == OK) {
        st = doc ? read_pooling(c, doc, path, err)
                 : error_set(err, ERR_ARTEFACT, "%s: is missing, modules.json asks for it", path);
    }
    json_decref(doc);
    mem_free(path);
    return st;
}

/* The last part of "sentence_transformers.models.Pooling". */
static const char *class_name(const char *type)
{
    const char *dot = strrchr(type, '.');
    return dot ? dot + 1 : type;
}

/* Modules come in the order Transformer, Pooling, and perhaps Normalize. */
static status read_module(model_config *c, const char *dir, const json_t *module, size_t i,
                          const char *path, error *err)
{
    static const char *const order[] = {"Transformer", "Pooling", "Normalize"};
    char where[400];
    snprintf(where, sizeof where, "%.300s: module %zu", path, i);
    if (!json_is_object(module)) {
        return error_set(err, ERR_ARTEFACT, "%s: must be an object", where);
    }
    const char *type, *folder = "";
    TRY(json_get_string(module, "type", true, &type, where, err));
    TRY(json_get_string(module, "path", false, &folder, where, err));
    if (i >= sizeof order / sizeof *order || strcmp(class_name(type), order[i]) != 0) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: '%.80s' is not supported there; Transformer, Pooling, Normalize are, "
                         "in this order",
                         where, type);
    }
    if (i == 0 && folder[0] != '\0') {
        return error_set(err, ERR_ARTEFACT,
                         "%s: its model lies in '%.80s'; only one in the directory itself is read",
                         where, folder);
    }
    if (i == 1) {
        return open_pooling(c, dir, folder, err);
    }
    c->normalise = i == 2;
    return OK;
}

static status read_modules(model_config *c, const char *dir, const json_t *list, const char *path,
                           error *err)
{
    if (json_array_size(list) < 2) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: %zu modules, must be Transformer and Pooling at "
                         "least",
                         path, json_array_size(list));
    }
    size_t i;
    json_t *module;
    json_array_foreach(list, i, module)
    {
        TRY(read_module(c, dir, module, i, path, err));
    }
    return OK;
}

static status read_length(model_config *c, const char *dir, error *err)
{
    json_t *doc;
    char *path;
    status st = read_file(&doc, &path, dir, "sentence_bert_config.json", json_read, err);
    if (st == OK && doc) {
        size_t n = c->max_tokens;
        st = json_get_size(doc, "max_seq_length", false, 1, SIZE_MAX, &n, path, err);
        c->max_tokens = n < c->max_tokens ? n : c->max_tokens;
    }
    json_decref(doc);
    mem_free(path);
    return st;
}

status sentence_read(model_config *c, const char *dir, error *err)
{
    json_t *list;
    char *path;
    status st = read_file(&list, &path, dir, "modules.json", json_read_array, err);
    if (st == OK && list) {
        c->normalise = false;
        st = read_modules(c, dir, list, path, err);
        if (st == OK) {
            st = read_length(c, dir, err);
        }
    }
    json_decref(list);
    mem_free(path);
    return st;
}
