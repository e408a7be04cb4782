#include "stip/layout.h"

#include <string.h>

#include "base/mem.h"
#include "model/store.h"

enum { NAME_BYTES = 600 };

typedef struct {
    const model *m;
    const stip_permutations *p;
    stip_layout *out;
    error *err;
} walk;

static status add(walk *w, const char *name, const uint32_t *rows, const uint32_t *columns)
{
    const stored_tensor *t = weights_find(&w->m->store->weights, name);
    CHECK(t && w->out->n < w->out->cap);
    w->out->parts[w->out->n++] = (stip_part){.source = t, .rows = rows, .columns = columns};
    return OK;
}

/* Eq. (2): W'[i][j] = W[out[i]][in[j]], b'[i] = b[out[i]]. */
static status add_linear(walk *w, const linear *l, const uint32_t *in, const uint32_t *out)
{
    static const char weight[] = "weight";
    const char *name = l->weight->name;
    const size_t stem = strlen(name) - (sizeof weight - 1);
    char bias[NAME_BYTES];
    TRY(add(w, name, out, in));
    CHECK(stem < sizeof bias - sizeof "bias");
    memcpy(bias, name, stem);
    memcpy(bias + stem, "bias", sizeof "bias");
    return add(w, bias, out, NULL);
}

/* The owner looks tokens up; here the tables have their shapes and nothing in them. */
static void add_blank(walk *w, const tensor *table, size_t rows)
{
    (void)add(w, table->name, NULL, NULL);
    stip_part *part = &w->out->parts[w->out->n - 1];
    part->blank = true;
    part->blank_rows = rows;
}

static status add_layer(walk *w, const encoder_layer *l, const stip_layer *p)
{
    const uint32_t *hidden = w->p->hidden;
    TRY(add_linear(w, &l->query, hidden, p->query));  /* Eq. (3) */
    TRY(add_linear(w, &l->key, hidden, p->query));    /* Eq. (3) */
    TRY(add_linear(w, &l->value, hidden, p->value));  /* Eq. (3) */
    TRY(add_linear(w, &l->output, p->value, hidden)); /* Eq. (5) */
    TRY(add_linear(w, &l->up, hidden, p->inner));     /* Eq. (6) */
    return add_linear(w, &l->down, p->inner, hidden); /* Eq. (6) */
}

/* Eq. (7) */
static status add_norms(walk *w)
{
    const model_store *s = w->m->store;
    for (size_t i = 0; i < s->n_norms; i++) {
        TRY(add(w, s->norms[i].gamma, w->p->hidden, NULL));
        if (s->norms[i].beta) {
            TRY(add(w, s->norms[i].beta, w->p->hidden, NULL));
        }
    }
    return OK;
}

/* Eq. (8) */
static status add_head(walk *w)
{
    const head *h = &w->m->head;
    const uint32_t *features = w->p->hidden;
    if (h->has_dense) {
        TRY(add_linear(w, &h->dense, features, w->p->dense));
        features = w->p->dense;
    }
    return h->kind == HEAD_EMBEDDING ? OK : add_linear(w, &h->out, features, w->p->outputs);
}

/* Constants of the recipe: those of scalar functions stay, those of heads go with their heads.
 * Eq. (9). name is "tacit.<slot>.<constant>". */
static status add_constant(walk *w, const char *name)
{
    static const char *const scalar[] = {"coefficients", "interval", "w1", "b1",
                                         "w2",           "b2",       "w3", "b3"};
    const char *what = strrchr(name, '.') + 1;
    for (size_t i = 0; i < sizeof scalar / sizeof *scalar; i++) {
        if (strcmp(what, scalar[i]) == 0) {
            return add(w, name, NULL, NULL);
        }
    }
    for (size_t i = 0; i < w->m->n_layers; i++) {
        const char *slot = w->m->layers[i].attention.name;
        const size_t len = strlen(slot);
        if (strncmp(name + strlen("tacit."), slot, len) == 0 &&
            (strcmp(name + strlen("tacit.") + len, ".kappa") == 0 ||
             strcmp(name + strlen("tacit.") + len, ".shift") == 0)) {
            return add(w, name, w->p->layers[i].heads, NULL);
        }
    }
    return error_set(w->err, ERR_POLICY,
                     "%s: tensor '%.100s': there is no rule for how to protect it", w->m->dir,
                     name);
}

static status add_constants(walk *w)
{
    const weights *all = &w->m->store->weights;
    for (size_t i = 0; i < all->n; i++) {
        const stored_tensor *t = &all->tensors[i];
        if (t->used && strncmp(t->view.name, "tacit.", strlen("tacit.")) == 0) {
            TRY(add_constant(w, t->view.name));
        }
    }
    return OK;
}

/* The rows that must be there for a padding id, and no more: how large the vocabulary is, the
 * server need not know. */
static void add_embeddings(walk *w)
{
    const embeddings *e = &w->m->embeddings;
    add_blank(w, e->word, w->m->pad_id + 1);
    add_blank(w, e->position, e->max_positions);
    if (e->type) {
        add_blank(w, e->type, e->n_types);
    }
}

static status fill(walk *w)
{
    add_embeddings(w);
    TRY(add_norms(w));
    for (size_t i = 0; i < w->m->n_layers; i++) {
        TRY(add_layer(w, &w->m->layers[i], &w->p->layers[i]));
    }
    TRY(add_head(w));
    return add_constants(w);
}

static size_t count_used(const weights *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        n += w->tensors[i].used;
    }
    return n;
}

status stip_layout_new(stip_layout *out, const model *m, const stip_permutations *p, error *err)
{
    const size_t n = count_used(&m->store->weights);
    *out = (stip_layout){.parts = mem_new(n, sizeof *out->parts), .cap = n};
    if (!out->parts) {
        return error_memory(err);
    }
    walk w = {.m = m, .p = p, .out = out, .err = err};
    status st = fill(&w);
    if (st == OK && out->n != n) { /* some tensor that the model uses has no rule, or two */
        st = error_set(err, ERR_INTERNAL, "%s: %zu tensors are used, %zu have a place", m->dir, n,
                       out->n);
    }
    if (st != OK) {
        stip_layout_clear(out);
    }
    return st;
}

void stip_layout_clear(stip_layout *l)
{
    mem_free(l->parts);
    *l = (stip_layout){0};
}
