#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/part.h"
#include "model/safetensors_write.h"
#include "model/store.h"

/* Wider types first, so that every tensor begins where its type may; then by name. */
static int by_width(const void *a, const void *b)
{
    const stored_tensor *x = a, *y = b;
    const size_t p = dtype_bytes(x->view.type), q = dtype_bytes(y->view.type);
    return p != q ? (p < q) - (p > q) : stored_tensor_by_name(a, b);
}

static status write_rows(const char *dir, stored_tensor *rows, size_t n, error *err)
{
    char *path = file_join(dir, "model.safetensors");
    if (!path) {
        return error_memory(err);
    }
    qsort(rows, n, sizeof *rows, by_width);
    const status st = safetensors_write(path, rows, n, err);
    mem_free(path);
    return st;
}

enum { MAX_TABLES = 3, MAX_VECTORS = 2 };

static size_t take_tables(stored_tensor *rows, const model *m)
{
    const embeddings *e = &m->embeddings;
    const tensor *const tables[MAX_TABLES] = {e->word, e->position, e->type};
    size_t n = 0;
    for (size_t i = 0; i < MAX_TABLES; i++) {
        if (tables[i]) {
            rows[n++] = *weights_find(&m->store->weights, tables[i]->name);
        }
    }
    return n;
}

status part_write_tables(const char *dir, const model *m, error *err)
{
    stored_tensor rows[MAX_TABLES];
    return write_rows(dir, rows, take_tables(rows, m), err);
}

status part_write_embeddings(const char *dir, const model *m, error *err)
{
    const norm_source *source = &m->store->norms[0]; /* what is read first */
    const char *const vectors[MAX_VECTORS] = {source->gamma, source->beta};
    stored_tensor rows[MAX_TABLES + MAX_VECTORS];
    size_t n = take_tables(rows, m);
    CHECK(strcmp(source->slot, m->embeddings.norm.name) == 0);
    for (size_t i = 0; i < MAX_VECTORS; i++) {
        if (vectors[i]) {
            rows[n++] = *weights_find(&m->store->weights, vectors[i]);
        }
    }
    return write_rows(dir, rows, n, err);
}

status part_write_constants(const char *dir, const model *m, error *err)
{
    const weights *w = &m->store->weights;
    stored_tensor *rows = mem_new(w->n + 1, sizeof *rows);
    size_t n = 0;
    if (!rows) {
        return error_memory(err);
    }
    for (size_t i = 0; i < w->n; i++) {
        if (w->tensors[i].used && strncmp(w->tensors[i].view.name, "tacit.", 6) == 0) {
            rows[n++] = w->tensors[i];
        }
    }
    const status st = n > 0 ? write_rows(dir, rows, n, err) : OK;
    mem_free(rows);
    return st;
}
