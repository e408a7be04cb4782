#include <dirent.h>
#include <string.h>

#include "base/text.h"
#include "model/inspect.h"
#include "model/store.h"

/* One more sentence; the text is given back. */
static status add_note(json_t *notes, text *sentence, status st, error *err)
{
    if (st == OK &&
        json_array_append_new(notes, json_stringn(sentence->bytes, sentence->len)) != 0) {
        st = ERR_RESOURCE;
    }
    text_clear(sentence);
    return st == OK ? OK : error_memory(err);
}

static status note_unused(json_t *notes, const weights *w, error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        if (t->used) {
            continue;
        }
        char shape[200];
        weights_shape_text(shape, sizeof shape, t->view.rank, t->view.shape);
        text s = {0};
        const status st = text_printf(&s, "tensor '%s' (%s, %s) in %s is not used", t->view.name,
                                      t->dtype, shape, w->names[t->file]);
        TRY(add_note(notes, &s, st, err));
    }
    return OK;
}

static bool is_read(const weights *w, const char *name)
{
    for (size_t i = 0; i < w->n_files; i++) {
        if (strcmp(w->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_checkpoint(const char *name)
{
    static const char *const endings[] = {".safetensors", ".safetensors.index.json"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t n = strlen(name), m = strlen(endings[i]);
        if (n >= m && strcmp(name + n - m, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static status note_unread(json_t *notes, const model *m, error *err)
{
    const weights *w = &m->store->weights;
    const bool single = strcmp(w->names[0], "model.safetensors") == 0;
    DIR *d = opendir(m->dir);
    if (!d) {
        return file_unreadable(m->dir, err);
    }
    status st = OK;
    for (const struct dirent *e; st == OK && (e = readdir(d)) != NULL;) {
        const bool index = strcmp(e->d_name, "model.safetensors.index.json") == 0;
        if (is_checkpoint(e->d_name) && !is_read(w, e->d_name) && (!index || single)) {
            text s = {0};
            st = text_printf(&s, "file %s is not read", e->d_name);
            st = add_note(notes, &s, st, err);
        }
    }
    closedir(d);
    return st;
}

static status note_all(json_t *notes, const model *m, error *err)
{
    TRY(note_unused(notes, &m->store->weights, err));
    TRY(note_unread(notes, m, err));
    if (m->recipe.n_ranges == 0) {
        text s = {0};
        const status st = text_printf(&s, "recipe '%s' holds no calibrated ranges", m->recipe.name);
        return add_note(notes, &s, st, err);
    }
    return OK;
}

status model_verify(const model *m, json_t **notes, error *err)
{
    *notes = NULL;
    TRY(weights_check_finite(&m->store->weights, true, err));
    json_t *list = json_array();
    const status st = list ? note_all(list, m, err) : error_memory(err);
    if (st != OK) {
        json_decref(list);
        return st;
    }
    *notes = list;
    return OK;
}
