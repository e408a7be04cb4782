#include "model/part.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/config.h"

/* What the computation needs; whatever else a config.json holds may tell of the model's origin or
 * of its labels. Dropout and the like are there for programs that insist on them. */
static const char *const shape_fields[] = {
    "model_type",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "dim",
    "n_layers",
    "n_heads",
    "hidden_dim",
    "activation",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "position_embedding_type",
    "pad_token_id",
    "problem_type",
    "dtype",
    "torch_dtype",
    "is_decoder",
    "add_cross_attention",
    "attention_probs_dropout_prob",
    "hidden_dropout_prob",
    "classifier_dropout",
    "attention_dropout",
    "dropout",
    "seq_classif_dropout",
    "qa_dropout",
    "sinusoidal_pos_embds",
    "initializer_range",
};

static status read_fields(json_t **out, const char *dir, error *err)
{
    char *path = file_join(dir, "config.json");
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    status st = file_open(&file, path, CONFIG_MAX_BYTES, err);
    if (st == OK) {
        st = json_read(out, file.bytes, path, err);
    }
    file_close(&file);
    mem_free(path);
    return st;
}

static status cut(json_t **out, const json_t *doc, error *err)
{
    *out = json_object();
    bool ok = *out != NULL;
    for (size_t i = 0; ok && i < sizeof shape_fields / sizeof *shape_fields; i++) {
        json_t *field = json_object_get(doc, shape_fields[i]);
        ok = !field || json_object_set(*out, shape_fields[i], field) == 0;
    }
    return ok ? OK : error_memory(err);
}

static bool put(json_t *o, const char *key, json_t *value)
{
    return json_object_set_new(o, key, value) == 0;
}

/* Labels by number alone where names is NULL. */
static bool put_labels(json_t *o, size_t n, const char *const *names)
{
    json_t *names_of = json_object(), *numbers_of = json_object();
    bool ok = names_of && numbers_of;
    for (size_t i = 0; ok && i < n; i++) {
        char number[24], label[32];
        snprintf(number, sizeof number, "%zu", i);
        snprintf(label, sizeof label, "LABEL_%zu", i);
        const char *name = names ? names[i] : label;
        ok = put(names_of, number, json_string(name)) &&
             put(numbers_of, name, json_integer((json_int_t)i));
    }
    ok = json_object_set(o, "id2label", names_of) == 0 && ok;
    ok = json_object_set(o, "label2id", numbers_of) == 0 && ok;
    json_decref(names_of);
    json_decref(numbers_of);
    return ok;
}

static status write_object(const char *dir, const json_t *o, error *err)
{
    char *dump = json_write(o, JSON_INDENT(2)), *path = file_join(dir, "config.json");
    const status st =
        dump && path ? file_write(path, dump, strlen(dump), 0644, err) : error_memory(err);
    mem_free(dump);
    mem_free(path);
    return st;
}

const char *part_bare_architecture(const model *m)
{
    static const char *const bare[][2] = {
        {"bert", "BertModel"}, {"distilbert", "DistilBertModel"}, {"roberta", "RobertaModel"}};
    for (size_t i = 0; m->head.kind == HEAD_EMBEDDING && i < sizeof bare / sizeof *bare; i++) {
        if (strcmp(m->family, bare[i][0]) == 0) {
            return bare[i][1];
        }
    }
    return m->architecture;
}

/* Field by field: json_copy leaves out what it has no memory for. */
static bool put_recipe(json_t *o, const json_t *forms, bool ranges)
{
    json_t *kept = json_object();
    const char *key;
    json_t *field;
    bool ok = kept != NULL;
    json_object_foreach((json_t *)(uintptr_t)forms, key, field)
    {
        ok = ok &&
             ((!ranges && strcmp(key, "ranges") == 0) || json_object_set(kept, key, field) == 0);
    }
    ok = json_object_set(o, "tacit", kept) == 0 && ok;
    json_decref(kept);
    return ok;
}

static bool fill(json_t *o, const model *m, const part_config *what, const json_t *forms)
{
    const char *class_name = what->architecture ? what->architecture : m->architecture;
    bool ok = put(o, "architectures", json_pack("[s]", class_name)) &&
              put(o, "vocab_size", json_integer((json_int_t)what->vocab));
    if (ok && what->mark) {
        ok = put(o, what->mark, json_pack("{s:i}", "schema", what->mark_schema));
    }
    if (ok && m->head.kind != HEAD_EMBEDDING) {
        ok = put_labels(o, m->head.n_labels,
                        what->names ? (const char *const *)m->head.labels : NULL);
    }
    return ok && (!forms || !what->recipe || put_recipe(o, forms, what->ranges));
}

status part_write_config(const char *dir, const model *m, const part_config *what, error *err)
{
    json_t *doc = NULL, *o = NULL;
    status st = read_fields(&doc, m->dir, err);
    if (st == OK) {
        st = cut(&o, doc, err);
    }
    if (st == OK && !fill(o, m, what, json_object_get(doc, "tacit"))) {
        st = error_memory(err);
    }
    if (st == OK) {
        st = write_object(dir, o, err);
    }
    json_decref(o);
    json_decref(doc);
    return st;
}

status part_has_mark(bool *out, const char *dir, const char *mark, error *err)
{
    json_t *doc = NULL;
    TRY(read_fields(&doc, dir, err));
    *out = json_object_get(doc, mark) != NULL;
    json_decref(doc);
    return OK;
}
