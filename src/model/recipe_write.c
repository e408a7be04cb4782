#include "model/recipe_write.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/config_splice.h"
#include "model/copy.h"
#include "model/recipe_weights.h"
#include "model/store.h"

/* The tensor of a norm's vector, or NULL where name is not "<norm>.gamma" or "<norm>.beta". */
static const char *norm_tensor(const model *m, const char *name)
{
    const char *dot = strrchr(name, '.');
    const size_t len = dot ? (size_t)(dot - name) : 0;
    for (size_t i = 0; dot && i < m->store->n_norms; i++) {
        const norm_source *s = &m->store->norms[i];
        if (strlen(s->slot) == len && memcmp(s->slot, name, len) == 0) {
            return strcmp(dot, ".gamma") == 0  ? s->gamma
                   : strcmp(dot, ".beta") == 0 ? s->beta
                                               : NULL;
        }
    }
    return NULL;
}

static status resolve(const char **targets, const model *m, const recipe_change *c, error *err)
{
    for (size_t i = 0; i < c->n_tensors; i++) {
        const char *name = c->tensors[i].name;
        const char *of_norm = norm_tensor(m, name);
        text full = {0};
        if (of_norm ? text_append(&full, of_norm, strlen(of_norm)) != OK
                    : text_printf(&full, "tacit.%s", name) != OK) {
            return error_memory(err);
        }
        targets[i] = full.bytes;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(targets[j], targets[i]) == 0) {
                return error_set(err, ERR_USAGE, "constant '%.100s' is given twice", name);
            }
        }
    }
    return OK;
}

static bool has_statistics(norm_form f)
{
    return f != NORM_AFFINE && f != NORM_BATCHNORM;
}

static status check_change(const model *m, const recipe_change *c, error *err)
{
    const recipe *r = &c->recipe;
    if (!r->name || strlen(r->name) == 0) {
        return error_set(err, ERR_USAGE, "a recipe needs a name");
    }
    for (size_t i = 0; i < r->n_ranges; i++) {
        const slot_range *x = &r->ranges[i];
        if (!model_has_slot(m, x->slot) || !isfinite(x->lo) || !isfinite(x->hi) || x->lo > x->hi) {
            return error_set(err, ERR_USAGE,
                             "range of '%.100s', [%g, %g]: no such slot, or no range", x->slot,
                             x->lo, x->hi);
        }
    }
    if ((!has_statistics(m->recipe.norm) && r->norm != m->recipe.norm) ||
        (!has_statistics(m->recipe.embedding_norm) &&
         r->embedding_norm != m->recipe.embedding_norm)) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: its norms have the form '%s' already, and no statistics to go back "
                         "to: convert the model that it was made from",
                         m->dir, norm_form_name(m->recipe.norm));
    }
    return OK;
}

static status write_config(const char *dir, const model *m, const recipe *r, error *err)
{
    char *src = file_join(m->dir, "config.json"), *dst = file_join(dir, "config.json");
    json_t *tacit = recipe_json(r);
    file_map file = {0};
    text out = {0};
    status st = src && dst && tacit ? OK : error_memory(err);
    if (st == OK) {
        st = file_open(&file, src, CONFIG_MAX_BYTES, err);
    }
    if (st == OK) {
        st = config_splice(&out, file.bytes, "tacit", tacit, src, err);
    }
    if (st == OK) {
        st = file_write(dst, out.bytes, out.len, 0644, err);
    }
    text_clear(&out);
    file_close(&file);
    json_decref(tacit);
    mem_free(src);
    mem_free(dst);
    return st;
}

/* The result must be a model, and every constant must mean something in it. */
static status check_result(const char *dir, const recipe_change *c, const char *const *targets,
                           error *err)
{
    model *m;
    TRY(model_open(&m, dir, err));
    status st = OK;
    const weights *w = &m->store->weights;
    for (size_t i = 0; st == OK && i < w->n; i++) {
        for (size_t j = 0; st == OK && !w->tensors[i].used && j < c->n_tensors; j++) {
            if (strcmp(targets[j], w->tensors[i].view.name) == 0) {
                st =
                    error_set(err, ERR_USAGE, "constant '%.100s' belongs to no form of recipe '%s'",
                              c->tensors[j].name, c->recipe.name);
            }
        }
    }
    model_free(m);
    return st;
}

static status write_all(const char *dir, const model *m, const recipe_change *c,
                        const char *const *targets, error *err)
{
    TRY(recipe_write_weights(dir, m, c, targets, err));
    TRY(write_config(dir, m, &c->recipe, err));
    TRY(copy_surroundings(dir, m->dir, err));
    return check_result(dir, c, targets, err);
}

static status apply(const model *m, const char *dst, const recipe_change *c,
                    const char *const *targets, error *err)
{
    char *temp;
    TRY(copy_begin(&temp, dst, err));
    status st = write_all(temp, m, c, targets, err);
    if (st == OK) {
        st = copy_end(temp, dst, err);
    }
    if (st != OK) {
        copy_abandon(temp);
    }
    mem_free(temp);
    return st;
}

status recipe_apply(const char *src, const char *dst, const recipe_change *change, error *err)
{
    model *m;
    TRY(model_open(&m, src, err));
    const char **targets = mem_new(change->n_tensors, sizeof *targets);
    status st = targets ? check_change(m, change, err) : error_memory(err);
    if (st == OK) {
        st = resolve(targets, m, change, err);
    }
    if (st == OK) {
        st = apply(m, dst, change, targets, err);
    }
    if (st != OK) {
        error_prefix(err, "recipe '%s'", change->recipe.name ? change->recipe.name : "");
    }
    for (size_t i = 0; targets && i < change->n_tensors; i++) {
        mem_free((void *)(uintptr_t)targets[i]);
    }
    mem_free(targets);
    model_free(m);
    return st;
}
