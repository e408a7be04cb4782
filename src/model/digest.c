#include "model/digest.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/store.h"

enum { MAX_CONFIG_BYTES = 1 << 24, LINE_BYTES = SAFETENSORS_MAX_NAME_BYTES + 64 };

/* A line about each tensor and its bytes; they follow config.json. */
static status digest(uint8_t out[HASH_BYTES], const weights *w, span config, span *pieces,
                     char (*lines)[LINE_BYTES], error *err)
{
    size_t n = 0;
    pieces[n++] = config;
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        if (t->used) {
            snprintf(lines[i], LINE_BYTES, "\n%s %s %zu\n", t->view.name, t->dtype, t->bytes);
            pieces[n++] = (span){.data = (const uint8_t *)lines[i], .len = strlen(lines[i])};
            pieces[n++] = (span){.data = t->view.data, .len = t->bytes};
        }
    }
    return hash_sha256(out, pieces, n, err);
}

status model_digest(uint8_t out[HASH_BYTES], const model *m, error *err)
{
    const weights *w = &m->store->weights;
    file_map config = {0};
    char *path = file_join(m->dir, "config.json");
    span *pieces = mem_new(2 * w->n + 1, sizeof *pieces);
    char(*lines)[LINE_BYTES] = mem_new(w->n + 1, sizeof *lines);
    status st = path && pieces && lines ? OK : error_memory(err);
    st = st == OK ? file_open(&config, path, MAX_CONFIG_BYTES, err) : st;
    st = st == OK ? digest(out, w, config.bytes, pieces, lines, err) : st;
    file_close(&config);
    mem_free(path);
    mem_free(pieces);
    mem_free(lines);
    return st;
}
