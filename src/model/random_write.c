/* What model_random makes, as a directory in BERT's format. */
#define _GNU_SOURCE
#include "model/random_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/copy.h"
#include "model/safetensors_write.h"

enum { NAME_BYTES = 96, ROWS_OF_LAYER = 16, OTHER_ROWS = 9 };

typedef struct {
    stored_tensor *rows;
    size_t n;
    arena *a;
} writer;

static status add(writer *w, size_t rank, const size_t *shape, const float *data, const char *fmt,
                  ...) __attribute__((format(printf, 5, 6)));

static status add(writer *w, size_t rank, const size_t *shape, const float *data, const char *fmt,
                  ...)
{
    char *name = arena_take(w->a, NAME_BYTES, 1);
    if (!name) {
        return ERR_RESOURCE;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, NAME_BYTES, fmt, args);
    va_end(args);
    w->rows[w->n++] = safetensors_f32(name, rank, shape, data);
    return OK;
}

static status add_table(writer *w, const char *name, const tensor *t)
{
    return add(w, 2, t->shape, t->data, "bert.embeddings.%s_embeddings.weight", name);
}

static status add_linear(writer *w, const char *prefix, const char *name, const linear *l)
{
    TRY(add(w, 2, l->weight->shape, l->weight->data, "%s%s.weight", prefix, name));
    return add(w, 1, &l->out, l->bias, "%s%s.bias", prefix, name);
}

static status add_norm(writer *w, const char *prefix, const char *name, const norm *n)
{
    TRY(add(w, 1, &n->dim, n->gamma, "%s%s.weight", prefix, name));
    return add(w, 1, &n->dim, n->beta, "%s%s.bias", prefix, name);
}

static status add_layer(writer *w, const encoder_layer *l, size_t i)
{
    char prefix[48];
    snprintf(prefix, sizeof prefix, "bert.encoder.layer.%zu.", i);
    TRY(add_linear(w, prefix, "attention.self.query", &l->query));
    TRY(add_linear(w, prefix, "attention.self.key", &l->key));
    TRY(add_linear(w, prefix, "attention.self.value", &l->value));
    TRY(add_linear(w, prefix, "attention.output.dense", &l->output));
    TRY(add_norm(w, prefix, "attention.output.LayerNorm", &l->attention_norm));
    TRY(add_linear(w, prefix, "intermediate.dense", &l->up));
    TRY(add_linear(w, prefix, "output.dense", &l->down));
    return add_norm(w, prefix, "output.LayerNorm", &l->output_norm);
}

static status add_all(writer *w, const model *m)
{
    const embeddings *e = &m->embeddings;
    TRY(add_table(w, "word", e->word));
    TRY(add_table(w, "position", e->position));
    TRY(add_table(w, "token_type", e->type));
    TRY(add_norm(w, "bert.embeddings.", "LayerNorm", &e->norm));
    for (size_t i = 0; i < m->n_layers; i++) {
        TRY(add_layer(w, &m->layers[i], i));
    }
    TRY(add_linear(w, "bert.", "pooler.dense", &m->head.dense));
    return add_linear(w, "", "classifier", &m->head.out);
}

static status write_weights(const char *dir, const model *m, error *err)
{
    const size_t room = m->n_layers * ROWS_OF_LAYER + OTHER_ROWS;
    writer w = {.rows = mem_new(room, sizeof *w.rows), .a = arena_new()};
    char *path = file_join(dir, "model.safetensors");
    status st = w.rows && w.a && path && add_all(&w, m) == OK ? OK : error_memory(err);
    if (st == OK) {
        CHECK(w.n == room);
        st = safetensors_write(path, w.rows, w.n, err);
    }
    mem_free(path);
    mem_free(w.rows);
    arena_free(w.a);
    return st;
}

static json_t *labels_of(const model *m)
{
    json_t *labels = json_object();
    for (size_t i = 0; labels && i < m->head.n_labels; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        if (json_object_set_new(labels, number, json_string(m->head.labels[i])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

static json_t *config_of(const model *m)
{
    const embeddings *e = &m->embeddings;
    return json_pack("{s:[s], s:s, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:f, s:i, s:o}",
                     "architectures", m->architecture, "model_type", m->family, "hidden_size",
                     (json_int_t)m->dim, "num_hidden_layers", (json_int_t)m->n_layers,
                     "num_attention_heads", (json_int_t)m->n_heads, "intermediate_size",
                     (json_int_t)m->ff, "hidden_act", "gelu", "max_position_embeddings",
                     (json_int_t)e->max_positions, "type_vocab_size", (json_int_t)e->n_types,
                     "vocab_size", (json_int_t)e->vocab, "layer_norm_eps", (double)e->norm.eps,
                     "pad_token_id", (int)m->pad_id, "id2label", labels_of(m));
}

static status write_config(const char *dir, const model *m, error *err)
{
    json_t *o = config_of(m);
    char *text = o ? json_write(o, JSON_INDENT(2)) : NULL;
    char *path = file_join(dir, "config.json");
    const status st =
        text && path ? file_write(path, text, strlen(text), 0644, err) : error_memory(err);
    json_decref(o);
    mem_free(text);
    mem_free(path);
    return st;
}

status model_random_write(const model *m, const char *dir, error *err)
{
    char *temp;
    TRY(copy_begin(&temp, dir, err));
    status st = write_weights(temp, m, err);
    if (st == OK) {
        st = write_config(temp, m, err);
    }
    if (st == OK) {
        st = copy_end(temp, dir, err);
    }
    if (st != OK) {
        copy_abandon(temp);
    }
    mem_free(temp);
    return st;
}
