#include "model/model.h"

#include <string.h>

#include "base/mem.h"
#include "model/build.h"
#include "model/directory.h"
#include "model/sentence.h"
#include "model/store.h"

static status read_config(model_config *c, const char *dir, arena *a, error *err)
{
    char *path = file_join(dir, "config.json");
    if (!path) {
        return error_memory(err);
    }
    file_map file;
    status st = file_open(&file, path, CONFIG_MAX_BYTES, err);
    if (st == OK) {
        st = config_read(c, file.bytes, path, a, err);
        file_close(&file);
    }
    if (st == OK && c->architecture->head == HEAD_EMBEDDING) {
        st = sentence_read(c, dir, err);
    }
    mem_free(path);
    return st;
}

/* What the struct says of the configuration. */
static void describe(model *m, const model_config *c, const recipe *r)
{
    m->family = c->family_name;
    m->architecture = c->architecture->name;
    m->dim = c->dim;
    m->n_layers = c->n_layers;
    m->n_heads = c->n_heads;
    m->ff = c->ff;
    m->max_tokens = c->max_tokens;
    m->pad_id = c->pad_id;
    m->recipe = *r;
    m->exact = recipe_exact(c);
}

typedef enum { OPEN_ALL, OPEN_TABLES, OPEN_EMBEDDINGS, OPEN_LABELS, OPEN_SHAPES } extent;

/* Whoever has the shapes alone has the constants of forms at most, which are nobody's secret. */
static status check_constants(const weights *w, error *err)
{
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        if (strncmp(t->view.name, "tacit.", 6) != 0) {
            return error_set(err, ERR_POLICY,
                             "%s: holds the weight '%.100s' in the clear, where no weight may be",
                             w->files[t->file].path, t->view.name);
        }
    }
    return OK;
}

static status open_weights(model *m, const model_config *c, extent what, error *err)
{
    weights *w = &m->store->weights;
    if (what == OPEN_LABELS) {
        return OK;
    }
    if (!weights_present(m->dir)) {
        return what == OPEN_SHAPES ? OK : directory_explain_weights(m->dir, c->architecture, err);
    }
    TRY(weights_open(w, m->dir, err));
    return what == OPEN_SHAPES ? check_constants(w, err) : OK;
}

static status build(model *m, const model_config *c, extent what, error *err)
{
    model_store *s = m->store;
    char where[300];
    snprintf(where, sizeof where, "%.250s/config.json", m->dir);
    recipe r;
    TRY(recipe_read(&r, c, where, s->arena, err));
    TRY(open_weights(m, c, what, err));
    describe(m, c, &r);
    builder b = {.m = m,
                 .config = c,
                 .recipe = &r,
                 .weights = &s->weights,
                 .a = s->arena,
                 .shapes_only = what == OPEN_SHAPES || what == OPEN_LABELS,
                 .err = err};
    const bool layers = what == OPEN_ALL || what == OPEN_SHAPES;
    TRY(layers                    ? build_encoder(&b)
        : what == OPEN_EMBEDDINGS ? build_embeddings_alone(&b)
                                  : build_tables(&b));
    TRY(weights_check_finite(&s->weights, false, err));
    return !layers ? OK : recipe_check_ranges(m, where, err);
}

static status fill(model *m, const char *dir, extent what, error *err)
{
    m->store->arena = arena_new();
    m->dir = m->store->arena ? arena_text(m->store->arena, dir) : NULL;
    if (!m->dir) {
        return error_memory(err);
    }
    TRY(directory_check(dir, err));
    model_config c = {0};
    status st = read_config(&c, dir, m->store->arena, err);
    if (st == OK) {
        st = build(m, &c, what, err);
    }
    config_clear(&c);
    return st;
}

static status open_model(model **out, const char *dir, extent what, error *err)
{
    *out = NULL;
    model *m = mem_new(1, sizeof *m);
    model_store *s = mem_new(1, sizeof *s);
    if (!m || !s) {
        mem_free(m);
        mem_free(s);
        return error_memory(err);
    }
    m->store = s;
    const status st = fill(m, dir, what, err);
    if (st != OK) {
        model_free(m);
        return st;
    }
    *out = m;
    return OK;
}

status model_open(model **out, const char *dir, error *err)
{
    return open_model(out, dir, OPEN_ALL, err);
}

status model_open_tables(model **out, const char *dir, error *err)
{
    return open_model(out, dir, OPEN_TABLES, err);
}

status model_open_embeddings(model **out, const char *dir, error *err)
{
    return open_model(out, dir, OPEN_EMBEDDINGS, err);
}

status model_open_labels(model **out, const char *dir, error *err)
{
    return open_model(out, dir, OPEN_LABELS, err);
}

status model_open_shapes(model **out, const char *dir, error *err)
{
    return open_model(out, dir, OPEN_SHAPES, err);
}

void model_free(model *m)
{
    if (!m) {
        return;
    }
    weights_close(&m->store->weights);
    arena_free(m->store->arena);
    mem_free(m->store);
    mem_free(m);
}

const slot_range *model_range(const model *m, const char *slot)
{
    size_t lo = 0, hi = m->recipe.n_ranges;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const int order = strcmp(slot, m->recipe.ranges[mid].slot);
        if (order == 0) {
            return &m->recipe.ranges[mid];
        }
        if (order < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}
