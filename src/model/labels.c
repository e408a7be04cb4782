#include <string.h>

#include "base/json.h"
#include "model/config.h"

/* id2label has the keys "0" to "n - 1", each once. */
static status read_id2label(model_config *c, const json_t *map, const char *path, arena *a,
                            error *err)
{
    char where[400];
    snprintf(where, sizeof where, "%.300s: id2label", path);
    for (size_t i = 0; i < c->n_labels; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        const char *name;
        TRY(json_get_string(map, key, true, &name, where, err));
        c->labels[i] = arena_text(a, name);
        if (!c->labels[i]) {
            return error_memory(err);
        }
    }
    return OK;
}

static status default_labels(model_config *c, arena *a, error *err)
{
    for (size_t i = 0; i < c->n_labels; i++) {
        char name[32];
        snprintf(name, sizeof name, "LABEL_%zu", i);
        c->labels[i] = arena_text(a, name);
        if (!c->labels[i]) {
            return error_memory(err);
        }
    }
    return OK;
}

/* num_labels and the size of id2label, which must agree; two where neither is there. */
static status count_labels(model_config *c, const json_t *map, const char *path, error *err)
{
    c->n_labels = map ? json_object_size(map) : 2;
    if (c->n_labels < 1 || c->n_labels > CONFIG_MAX_LABELS) {
        return error_set(err, ERR_ARTEFACT, "%s: id2label has %zu labels, must be 1 to %d", path,
                         c->n_labels, CONFIG_MAX_LABELS);
    }
    size_t n = c->n_labels;
    TRY(json_get_size(c->doc, "num_labels", false, 1, CONFIG_MAX_LABELS, &n, path, err));
    if (map && n != c->n_labels) {
        return error_set(err, ERR_ARTEFACT, "%s: num_labels is %zu, but id2label has %zu", path, n,
                         c->n_labels);
    }
    c->n_labels = n;
    return OK;
}

static status read_problem(model_config *c, const char *path, error *err)
{
    static const struct {
        const char *name;
        problem problem;
    } rows[] = {
        {"single_label_classification", PROBLEM_SINGLE_LABEL},
        {"multi_label_classification", PROBLEM_MULTI_LABEL},
        {"regression", PROBLEM_REGRESSION},
    };
    const char *name = c->n_labels == 1 ? "regression" : "single_label_classification";
    TRY(json_get_string(c->doc, "problem_type", false, &name, path, err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            c->problem = rows[i].problem;
            return OK;
        }
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: problem_type '%.60s' is not supported; single_label_classification, "
                     "multi_label_classification and regression are",
                     path, name);
}

status config_read_labels(model_config *c, const char *path, arena *a, error *err)
{
    json_t *map;
    TRY(json_get_object(c->doc, "id2label", false, &map, path, err));
    TRY(count_labels(c, map, path, err));
    c->labels = arena_take(a, c->n_labels, sizeof *c->labels);
    if (!c->labels) {
        return error_memory(err);
    }
    TRY(map ? read_id2label(c, map, path, a, err) : default_labels(c, a, err));
    return read_problem(c, path, err);
}
