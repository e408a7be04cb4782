#include "model/recipe_weights.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/copy.h"
#include "model/safetensors_write.h"
#include "model/store.h"

static const char extra_file[] = "tacit.safetensors";

typedef struct {
    const char *dir;
    const model *m;
    const recipe_change *change;
    const char *const *targets;
    bool *placed;        /* which of the change's tensors have replaced one */
    json_t *map;         /* weight_map of the index */
    size_t bytes;        /* of all tensors, for the index */
    stored_tensor *rows; /* of the file at hand; room for all */
    error *err;
} writer;

/* Whether the form of the slot that a tensor "tacit.<slot>.<constant>" belongs to stays. */
static bool form_stays(const recipe *old, const recipe *new, const char *slot)
{
    if (strstr(slot, ".attention.")) {
        return old->attention.form == new->attention.form;
    }
    if (strncmp(slot, "layers.", 7) == 0 && strstr(slot, ".activation.")) {
        return old->activation == new->activation;
    }
    if (strstr(slot, "_norm.")) {
        return old->norm == new->norm;
    }
    if (strncmp(slot, "embeddings.norm.", 16) == 0) {
        return old->embedding_norm == new->embedding_norm;
    }
    return strncmp(slot, "head.activation.", 16) == 0 && old->pooler == new->pooler;
}

static bool is_dropped(const writer *w, const char *name)
{
    static const char prefix[] = "tacit.";
    return strncmp(name, prefix, sizeof prefix - 1) == 0 &&
           !form_stays(&w->m->recipe, &w->change->recipe, name + sizeof prefix - 1);
}

static const recipe_tensor *find_change(const writer *w, const char *name, size_t *i)
{
    for (*i = 0; *i < w->change->n_tensors; ++*i) {
        if (strcmp(w->targets[*i], name) == 0) {
            return &w->change->tensors[*i];
        }
    }
    return NULL;
}

/* Wider types first, so that every tensor begins where its type may; then by name. */
static int by_width(const void *a, const void *b)
{
    const stored_tensor *x = a, *y = b;
    const size_t p = x->view.count ? x->bytes / x->view.count : 0;
    const size_t q = y->view.count ? y->bytes / y->view.count : 0;
    return p != q ? (p < q) - (p > q) : stored_tensor_by_name(a, b);
}

/* The rows of file i as they will be; whether any differs. */
static size_t rewrite_rows(writer *w, size_t file, bool *differs)
{
    const weights *s = &w->m->store->weights;
    size_t n = 0, i;
    *differs = false;
    for (size_t j = 0; j < s->n; j++) {
        const stored_tensor *t = &s->tensors[j];
        if (t->file != file) {
            continue;
        }
        const recipe_tensor *r = find_change(w, t->view.name, &i);
        if (r) {
            w->placed[i] = true;
            w->rows[n++] = safetensors_f32(w->targets[i], r->rank, r->shape, r->data);
        } else if (!is_dropped(w, t->view.name)) {
            w->rows[n++] = *t;
            continue;
        }
        *differs = true;
    }
    return n;
}

static size_t append_new(writer *w, size_t n)
{
    for (size_t i = 0; i < w->change->n_tensors; i++) {
        const recipe_tensor *r = &w->change->tensors[i];
        if (!w->placed[i]) {
            w->placed[i] = true;
            w->rows[n++] = safetensors_f32(w->targets[i], r->rank, r->shape, r->data);
        }
    }
    return n;
}

static status note_rows(writer *w, const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        w->bytes += w->rows[i].bytes;
        if (json_object_set_new(w->map, w->rows[i].view.name, json_string(name)) != 0) {
            return error_memory(w->err);
        }
    }
    return OK;
}

/* One file: written anew where it differs, else copied; none where nothing is left of it. */
static status write_part(writer *w, const char *name, const char *source, size_t n, bool differs)
{
    if (n == 0) {
        return OK;
    }
    TRY(note_rows(w, name, n));
    char *path = file_join(w->dir, name);
    if (!path) {
        return error_memory(w->err);
    }
    qsort(w->rows, n, sizeof *w->rows, by_width);
    const status st =
        differs ? safetensors_write(path, w->rows, n, w->err) : copy_file(path, source, w->err);
    mem_free(path);
    return st;
}

static status write_index(const writer *w)
{
    json_t *index = json_pack("{s:{s:I}, s:O}", "metadata", "total_size", (json_int_t)w->bytes,
                              "weight_map", w->map);
    char *path = file_join(w->dir, "model.safetensors.index.json");
    char *json = index ? json_write(index, JSON_INDENT(2)) : NULL;
    status st = json && path ? OK : error_memory(w->err);
    if (st == OK) {
        st = file_write(path, json, strlen(json), 0644, w->err);
    }
    json_decref(index);
    mem_free(json);
    mem_free(path);
    return st;
}

static status write_parts(writer *w)
{
    const weights *s = &w->m->store->weights;
    const bool indexed = strcmp(s->names[0], "model.safetensors") != 0;
    bool differs, has_extra = false;
    size_t extra = 0;
    for (size_t i = 0; i < s->n_files; i++) { /* first of all, so that new ones are known as such */
        rewrite_rows(w, i, &differs);
        if (strcmp(s->names[i], extra_file) == 0) {
            has_extra = true;
            extra = i;
        }
    }
    for (size_t i = 0; i < s->n_files; i++) {
        size_t n = rewrite_rows(w, i, &differs);
        if (!indexed || (has_extra && i == extra)) {
            const size_t grown = append_new(w, n);
            differs |= grown > n;
            n = grown;
        }
        TRY(write_part(w, s->names[i], s->files[i].path, n, differs));
    }
    if (!indexed) {
        return OK;
    }
    TRY(write_part(w, extra_file, NULL, append_new(w, 0), true));
    return write_index(w);
}

status recipe_write_weights(const char *dir, const model *m, const recipe_change *change,
                            const char *const *targets, error *err)
{
    const size_t room = m->store->weights.n + change->n_tensors;
    writer w = {.dir = dir, .m = m, .change = change, .targets = targets, .err = err};
    w.placed = mem_new(change->n_tensors, sizeof *w.placed);
    w.rows = mem_new(room, sizeof *w.rows);
    w.map = json_object();
    const status st = w.placed && w.rows && w.map ? write_parts(&w) : error_memory(err);
    mem_free(w.placed);
    mem_free(w.rows);
    json_decref(w.map);
    return st;
}
