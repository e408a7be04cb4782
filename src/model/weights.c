#include "model/weights.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static const char single_name[] = "model.safetensors";
static const char index_name[] = "model.safetensors.index.json";

bool weights_present(const char *dir)
{
    return file_exists_in(dir, single_name) || file_exists_in(dir, index_name);
}

static status open_part(weights *w, const char *dir, const char *name, error *err)
{
    const size_t i = w->n_files++;
    char *path = file_join(dir, name);
    w->names[i] = mem_strdup(name);
    status st = path && w->names[i] ? OK : error_memory(err);
    if (st == OK) {
        st = file_open(&w->files[i], path, SIZE_MAX, err);
    }
    if (st == OK) {
        st = safetensors_read(&w->parts[i], w->files[i].bytes, path, err);
    }
    mem_free(path);
    return st;
}

static status open_parts(weights *w, const char *dir, const char *const *names, size_t n,
                         error *err)
{
    w->names = mem_new(n, sizeof *w->names);
    w->files = mem_new(n, sizeof *w->files);
    w->parts = mem_new(n, sizeof *w->parts);
    if (!w->names || !w->files || !w->parts) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        TRY(open_part(w, dir, names[i], err));
    }
    return OK;
}

/* One list of all tensors. */
static status merge(weights *w, error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_files; i++) {
        n += w->parts[i].n; /* at most 1024 · 65536 */
    }
    if (n > SAFETENSORS_MAX_TENSORS) {
        return error_set(err, ERR_ARTEFACT, "%s: the shards hold %zu tensors, at most %d",
                         w->files[0].path, n, SAFETENSORS_MAX_TENSORS);
    }
    w->tensors = mem_new(n, sizeof *w->tensors);
    if (!w->tensors) {
        return error_memory(err);
    }
    for (size_t i = 0; i < w->n_files; i++) {
        for (size_t j = 0; j < w->parts[i].n; j++) {
            stored_tensor *t = &w->tensors[w->n++];
            *t = w->parts[i].tensors[j];
            t->file = i;
        }
    }
    qsort(w->tensors, n, sizeof *w->tensors, stored_tensor_by_name);
    for (size_t i = 1; i < n; i++) {
        const stored_tensor *a = &w->tensors[i - 1], *b = &w->tensors[i];
        if (strcmp(a->view.name, b->view.name) == 0) {
            return error_set(err, ERR_ARTEFACT, "%s: tensor '%.100s' is also in %s",
                             w->files[b->file].path, b->view.name, w->names[a->file]);
        }
    }
    return OK;
}

static stored_tensor *lookup(const weights *w, const char *name)
{
    const stored_tensor wanted = {.view.name = name};
    return w->n == 0 ? NULL
                     : bsearch(&wanted, w->tensors, w->n, sizeof wanted, stored_tensor_by_name);
}

/* The index and the files must say the same. */
static status check_index(const weights *w, const json_t *map, const char *path, error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        const char *file = json_string_value(json_object_get(map, t->view.name));
        if (!file || strcmp(file, w->names[t->file]) != 0) {
            return error_set(err, ERR_ARTEFACT, "%s: tensor '%.100s' is in %s, weight_map says %s",
                             path, t->view.name, w->names[t->file], file ? file : "nothing of it");
        }
    }
    if (json_object_size(map) == w->n) {
        return OK;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
        if (!lookup(w, key)) {
            return error_set(err, ERR_ARTEFACT, "%s: tensor '%.100s' is not in %s", path, key,
                             json_string_value(value));
        }
    }
    return OK;
}

static status open_indexed(weights *w, const char *dir, const json_t *index, const char *path,
                           error *err)
{
    const char **names;
    size_t n;
    TRY(index_files(index, &names, &n, path, err));
    status st = open_parts(w, dir, names, n, err);
    mem_free(names);
    if (st == OK) {
        st = merge(w, err);
    }
    return st == OK ? check_index(w, json_object_get(index, "weight_map"), path, err) : st;
}

static status open_index(weights *w, const char *dir, error *err)
{
    char *path = file_join(dir, index_name);
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    json_t *index = NULL;
    status st = file_open(&file, path, WEIGHTS_MAX_INDEX_BYTES, err);
    if (st == OK) {
        st = json_read(&index, file.bytes, path, err);
    }
    if (st == OK) {
        st = open_indexed(w, dir, index, path, err);
    }
    json_decref(index);
    file_close(&file);
    mem_free(path);
    return st;
}

static status open_single(weights *w, const char *dir, error *err)
{
    const char *const name = single_name;
    TRY(open_parts(w, dir, &name, 1, err));
    return merge(w, err);
}

status weights_open(weights *out, const char *dir, error *err)
{
    *out = (weights){0};
    /* The order of PyTorch's loaders: the single file wins over an index beside it. */
    const status st =
        file_exists_in(dir, single_name) ? open_single(out, dir, err) : open_index(out, dir, err);
    if (st != OK) {
        weights_close(out);
    }
    return st;
}

void weights_close(weights *w)
{
    for (size_t i = 0; i < w->n_files; i++) {
        mem_free(w->names[i]);
        file_close(&w->files[i]);
        safetensors_clear(&w->parts[i]);
    }
    mem_free(w->names);
    mem_free(w->files);
    mem_free(w->parts);
    mem_free(w->tensors);
    *w = (weights){0};
}

/* The file that is named where a tensor is in none: there need not be one at all. */
static const char *first_path(const weights *w)
{
    return w->n_files > 0 ? w->files[0].path : single_name;
}

const char *weights_path(const weights *w, const char *name)
{
    const stored_tensor *t = lookup(w, name);
    return t ? w->files[t->file].path : first_path(w);
}

const stored_tensor *weights_find(const weights *w, const char *name)
{
    stored_tensor *t = lookup(w, name);
    if (t) {
        t->used = true;
    }
    return t;
}

void weights_shape_text(char *out, size_t size, size_t rank, const size_t *shape)
{
    size_t at = (size_t)snprintf(out, size, "[");
    for (size_t i = 0; i < rank && at < size; i++) {
        at += (size_t)snprintf(out + at, size - at, i ? ", %zu" : "%zu", shape[i]);
    }
    if (at < size) {
        snprintf(out + at, size - at, "]");
    }
}

static bool same_shape(const tensor *t, size_t rank, const size_t *shape)
{
    bool same = t->rank == rank;
    for (size_t i = 0; same && i < rank; i++) {
        same = t->shape[i] == shape[i];
    }
    return same;
}

status weights_get(const weights *w, const char *name, size_t rank, const size_t *shape,
                   const tensor **out, error *err)
{
    const stored_tensor *t = weights_find(w, name);
    if (!t) {
        return error_set(err, ERR_ARTEFACT, "%s%s: tensor '%.100s' is missing", first_path(w),
                         w->n_files > 1 ? " and the other shards" : "", name);
    }
    const char *path = w->files[t->file].path;
    if (!t->readable) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: tensor '%.100s' has dtype %s; F32, F16 and BF16 can be read", path,
                         name, t->dtype);
    }
    if (!same_shape(&t->view, rank, shape)) {
        char has[200], must[200];
        weights_shape_text(has, sizeof has, t->view.rank, t->view.shape);
        weights_shape_text(must, sizeof must, rank, shape);
        return error_set(err, ERR_ARTEFACT, "%s: tensor '%.100s' has shape %s, config.json asks %s",
                         path, name, has, must);
    }
    *out = &t->view;
    return OK;
}

status weights_check_finite(const weights *w, bool all, error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        size_t bad;
        if (t->readable && (t->used || all) && !tensor_finite(&t->view, &bad)) {
            return error_set(err, ERR_ARTEFACT, "%s: tensor '%.100s': element %zu is not finite",
                             w->files[t->file].path, t->view.name, bad);
        }
    }
    return OK;
}
