#include <string.h>

#include "model/inspect.h"
#include "model/recipe.h"
#include "model/store.h"

/* Takes value over; false where it or the memory for it is lacking. */
static bool put(json_t *obj, const char *key, json_t *value)
{
    return json_object_set_new(obj, key, value) == 0;
}

static bool put_size(json_t *obj, const char *key, size_t n)
{
    return put(obj, key, json_integer((json_int_t)n));
}

static json_t *files_json(const weights *w)
{
    json_t *files = json_array();
    for (size_t i = 0; files && i < w->n_files; i++) {
        json_t *file =
            json_pack("{s:s, s:I, s:I}", "name", w->names[i], "bytes",
                      (json_int_t)w->files[i].bytes.len, "tensors", (json_int_t)w->parts[i].n);
        if (json_array_append_new(files, file) != 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

/* How many numbers of each type the model uses. */
static json_t *dtypes_json(const weights *w)
{
    size_t count[] = {[DTYPE_F32] = 0, [DTYPE_F16] = 0, [DTYPE_BF16] = 0};
    for (size_t i = 0; i < w->n; i++) {
        const stored_tensor *t = &w->tensors[i];
        if (t->used && t->readable) {
            count[t->view.type] += t->view.count;
        }
    }
    json_t *types = json_object();
    for (size_t i = 0; types && i < sizeof count / sizeof *count; i++) {
        if (count[i] > 0 && !put_size(types, dtype_name((dtype)i), count[i])) {
            json_decref(types);
            return NULL;
        }
    }
    return types;
}

static json_t *labels_json(const head *h)
{
    json_t *labels = json_array();
    for (size_t i = 0; labels && i < h->n_labels; i++) {
        if (json_array_append_new(labels, json_string(h->labels[i])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

static json_t *head_json(const head *h)
{
    static const char *const kinds[] = {[HEAD_SEQUENCE] = "sequence-classification",
                                        [HEAD_TOKEN] = "token-classification",
                                        [HEAD_EMBEDDING] = "embedding"};
    static const char *const problems[] = {[PROBLEM_SINGLE_LABEL] = "single-label",
                                           [PROBLEM_MULTI_LABEL] = "multi-label",
                                           [PROBLEM_REGRESSION] = "regression"};
    if (h->kind == HEAD_EMBEDDING) {
        return json_pack("{s:s, s:s, s:b}", "kind", kinds[h->kind], "pooling",
                         h->pool == POOL_MEAN ? "mean" : "first", "normalise", (int)h->normalise);
    }
    json_t *labels = labels_json(h);
    return labels ? json_pack("{s:s, s:s, s:o}", "kind", kinds[h->kind], "problem",
                              problems[h->problem], "labels", labels)
                  : NULL;
}

static size_t total_bytes(const weights *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_files; i++) {
        n += w->files[i].bytes.len;
    }
    return n;
}

json_t *model_describe(const model *m)
{
    const weights *w = &m->store->weights;
    json_t *out = json_object();
    const bool ok =
        out && put(out, "family", json_string(m->family)) &&
        put(out, "architecture", json_string(m->architecture)) && put_size(out, "dim", m->dim) &&
        put_size(out, "layers", m->n_layers) && put_size(out, "heads", m->n_heads) &&
        put_size(out, "feed_forward", m->ff) && put_size(out, "vocabulary", m->embeddings.vocab) &&
        put_size(out, "positions", m->embeddings.max_positions) &&
        put_size(out, "max_tokens", m->max_tokens) &&
        put_size(out, "parameters", m->n_parameters) && put(out, "dtypes", dtypes_json(w)) &&
        put_size(out, "bytes", total_bytes(w)) && put(out, "files", files_json(w)) &&
        put(out, "head", head_json(&m->head)) && put(out, "recipe", recipe_json(&m->recipe));
    if (!ok) {
        json_decref(out);
        return NULL;
    }
    return out;
}
