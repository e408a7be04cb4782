#include "stip/protect_config.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "model/config.h"
#include "stip/protect.h"

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

/* The whole document of m. */
static status read_fields(json_t **out, const model *m, error *err)
{
    char *path = file_join(m->dir, "config.json");
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

/* Of an embedding the server gets the bare encoder: a head over the vocabulary, which the program
 * does not use, would hold the table that the owner keeps. */
static const char *server_architecture(const model *m)
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

static bool fill_server(json_t *o, const model *m, json_t *forms)
{
    bool ok = put(o, "architectures", json_pack("[s]", server_architecture(m))) &&
              put(o, "vocab_size", json_integer((json_int_t)(m->pad_id + 1))) &&
              put(o, STIP_MARK, json_pack("{s:i}", "schema", STIP_KEY_VERSION));
    if (ok && m->head.kind != HEAD_EMBEDDING) {
        ok = put_labels(o, m->head.n_labels, NULL);
    }
    return ok && (!forms || json_object_set(o, "tacit", forms) == 0);
}

static bool fill_owner(json_t *o, const model *m, json_t *forms)
{
    (void)forms; /* the developer's and the server's affair */
    const bool ok = put(o, "architectures", json_pack("[s]", m->architecture)) &&
                    put(o, "vocab_size", json_integer((json_int_t)m->embeddings.vocab));
    return ok && (m->head.kind == HEAD_EMBEDDING ||
                  put_labels(o, m->head.n_labels, (const char *const *)m->head.labels));
}

typedef bool filler(json_t *o, const model *m, json_t *forms);

static status write_config(const char *dir, const model *m, filler *fill, error *err)
{
    json_t *doc = NULL, *o = NULL;
    status st = read_fields(&doc, m, err);
    if (st == OK) {
        st = cut(&o, doc, err);
    }
    if (st == OK && !fill(o, m, json_object_get(doc, "tacit"))) {
        st = error_memory(err);
    }
    if (st == OK) {
        st = write_object(dir, o, err);
    }
    json_decref(o);
    json_decref(doc);
    return st;
}

status stip_write_server_config(const char *dir, const model *m, error *err)
{
    return write_config(dir, m, fill_server, err);
}

status stip_write_owner_config(const char *dir, const model *m, error *err)
{
    return write_config(dir, m, fill_owner, err);
}

status stip_is_protected(bool *out, const char *dir, error *err)
{
    json_t *doc = NULL;
    TRY(read_fields(&doc, &(model){.dir = dir}, err));
    *out = json_object_get(doc, STIP_MARK) != NULL;
    json_decref(doc);
    return OK;
}
