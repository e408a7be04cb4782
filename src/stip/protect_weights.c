#include "stip/protect_weights.h"

#include "base/mem.h"
#include "model/safetensors_write.h"
#include "model/store.h"
#include "stip/layout.h"
#include "stip/permute.h"

enum { ALIGN = 64 };

static size_t padded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Wider types first, so that every tensor begins where its type may; then by name. */
static int by_width(const void *a, const void *b)
{
    const stored_tensor *x = a, *y = b;
    const size_t p = dtype_bytes(x->view.type), q = dtype_bytes(y->view.type);
    return p != q ? (p < q) - (p > q) : stored_tensor_by_name(a, b);
}

/* The row as it goes out, but for its bytes. */
static stored_tensor outgoing(const stip_part *part)
{
    stored_tensor t = *part->source;
    if (part->blank) {
        const size_t width = t.bytes / t.view.shape[0];
        t.view.shape[0] = part->blank_rows; /* fewer than there were, or as many */
        t.view.count = t.view.shape[0] * t.view.shape[1];
        t.bytes = t.view.shape[0] * width;
    }
    return t;
}

/* A matrix, or a vector as one column. */
static void permute_part(uint8_t *out, const stip_part *part)
{
    const tensor *t = &part->source->view;
    const size_t columns = t->rank == 2 ? t->shape[1] : 1;
    const size_t rows = columns ? t->count / columns : 0;
    stip_permute(out, t->data, dtype_bytes(t->type), rows, columns, part->rows, part->columns);
}

static void fill(stored_tensor *rows, uint8_t *bytes, const stip_layout *l)
{
    for (size_t i = 0, at = 0; i < l->n; i++) {
        rows[i] = outgoing(&l->parts[i]);
        rows[i].view.data = bytes + at;
        if (!l->parts[i].blank) {
            permute_part(bytes + at, &l->parts[i]);
        }
        at += padded(rows[i].bytes);
    }
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

static status write_layout(const char *dir, const stip_layout *l, error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < l->n; i++) {
        bytes +=
            padded(outgoing(&l->parts[i]).bytes); /* together no more than files, and padding */
    }
    stored_tensor *rows = mem_new(l->n, sizeof *rows);
    uint8_t *data = mem_new(bytes, 1);
    status st = rows && data ? OK : error_memory(err);
    if (st == OK) {
        fill(rows, data, l);
        st = write_rows(dir, rows, l->n, err);
    }
    mem_free(rows);
    mem_free(data);
    return st;
}

status stip_write_server_weights(const char *dir, const model *m, const stip_permutations *p,
                                 error *err)
{
    stip_layout l;
    TRY(stip_layout_new(&l, m, p, err));
    const status st = write_layout(dir, &l, err);
    stip_layout_clear(&l);
    return st;
}
