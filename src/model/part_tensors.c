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

status part_write_tables(const char *dir, const model *m, error *err)
{
    const embeddings *e = &m->embeddings;
    const tensor *const tables[] = {e->word, e->position, e->type};
    stored_tensor rows[3];
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        if (tables[i]) {
            rows[n++] = *weights_find(&m->store->weights, tables[i]->name);
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
