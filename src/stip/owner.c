#include "stip/owner.h"

#include "base/mem.h"
#include "stip/protect.h"

static status check_fit(const stip_owner *o, const char *dir, error *err)
{
    const head *h = &o->model->head;
    const size_t outputs = h->kind == HEAD_EMBEDDING ? 0 : h->n_labels;
    if (o->key.dim != o->model->dim || o->key.n_outputs != outputs) {
        return error_set(err, ERR_ARTEFACT,
                         "%s/%s: is for %zu features and %zu outputs, the model has %zu and %zu",
                         dir, STIP_KEY_FILE, o->key.dim, o->key.n_outputs, o->model->dim, outputs);
    }
    return OK;
}

status stip_owner_open(stip_owner *out, const char *dir, error *err)
{
    *out = (stip_owner){0};
    char *path = file_join(dir, STIP_KEY_FILE);
    if (!path) {
        return error_memory(err);
    }
    status st = stip_key_read(&out->key, path, err);
    if (st == OK) {
        st = model_open_tables(&out->model, dir, err);
    }
    if (st == OK) {
        st = check_fit(out, dir, err);
    }
    if (st != OK) {
        stip_owner_close(out);
    }
    mem_free(path);
    return st;
}

void stip_owner_close(stip_owner *o)
{
    stip_key_clear(&o->key);
    model_free(o->model);
    *o = (stip_owner){0};
}
