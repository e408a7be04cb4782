#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/weights.h"

/* A shard lies in the directory itself, whatever the index would like. */
static bool is_plain_name(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && len <= 255 && name[0] != '.' && !strchr(name, '/') && !strchr(name, '\\');
}

static bool contains(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static status collect(const json_t *map, const char **names, size_t *n, const char *path,
                      error *err)
{
    const char *key, *last = NULL;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
        const char *name;
        TRY(json_get_string(map, key, true, &name, path, err));
        if ((last && strcmp(name, last) == 0) || contains(names, *n, name)) {
            last = name;
            continue;
        }
        if (!is_plain_name(name)) {
            return error_set(err, ERR_ARTEFACT,
                             "%s: weight_map: '%.100s' is in '%.100s': must be a plain file name",
                             path, key, name);
        }
        if (*n == WEIGHTS_MAX_SHARDS) {
            return error_set(err, ERR_ARTEFACT, "%s: weight_map names more than %d files", path,
                             WEIGHTS_MAX_SHARDS);
        }
        names[(*n)++] = last = name;
    }
    return OK;
}

status index_files(const json_t *index, const char ***names, size_t *n, const char *path,
                   error *err)
{
    *n = 0;
    *names = NULL;
    json_t *map;
    TRY(json_get_object(index, "weight_map", true, &map, path, err));
    if (json_object_size(map) == 0 || json_object_size(map) > SAFETENSORS_MAX_TENSORS) {
        return error_set(err, ERR_ARTEFACT, "%s: weight_map names %zu tensors, must be 1 to %d",
                         path, json_object_size(map), SAFETENSORS_MAX_TENSORS);
    }
    const char **list = mem_new(WEIGHTS_MAX_SHARDS, sizeof *list);
    if (!list) {
        return error_memory(err);
    }
    const status st = collect(map, list, n, path, err);
    if (st != OK) {
        mem_free(list);
        return st;
    }
    *names = list;
    return OK;
}
