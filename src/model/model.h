/** A Hugging Face directory as a struct: what the forward pass and the engines read.
 *
 * model/ opens directories, recipes and tokenizers. It includes base/ alone and computes nothing
 * but conversions. A model is read-only once it is open, hence shared by any number of threads.
 */
#ifndef TACIT_MODEL_MODEL_H
#define TACIT_MODEL_MODEL_H

#include <stdbool.h>

#include "base/status.h"
#include "model/forms.h"
#include "model/tensor.h"

/** y = x·Wᵀ + b. */
typedef struct {
    const char *name; /* "layers.3.query" whatever the family calls it */
    uint32_t id;      /* 0, 1, …: place among the model's linear maps */
    size_t in, out;
    const tensor *weight; /* out × in */
    const float *bias;    /* out, or NULL */
} linear;

/** One transformer layer of an encoder, norms behind the sums (BERT). */
typedef struct {
    linear query, key, value;
    attention attention;
    linear output;
    norm attention_norm;
    linear up;
    activation activation;
    linear down;
    norm output_norm;
} encoder_layer;

/** Tables of dim columns. Their sum goes into the norm. */
typedef struct {
    const tensor *word;     /* vocab × dim */
    const tensor *position; /* max_positions × dim */
    const tensor *type;     /* n_types × dim, or NULL (DistilBERT) */
    size_t vocab, max_positions, n_types;
    size_t first_position; /* position of the first token: 0, or pad id + 1 (RoBERTa) */
    norm norm;
} embeddings;

typedef enum {
    HEAD_SEQUENCE, /* first token → dense → activation → out */
    HEAD_TOKEN,    /* every token → out */
    HEAD_EMBEDDING /* pooled and, where asked for, of length one */
} head_kind;

typedef enum { POOL_FIRST, POOL_MEAN } pooling;

typedef enum {
    PROBLEM_SINGLE_LABEL, /* softmax over labels */
    PROBLEM_MULTI_LABEL,  /* a sigmoid each */
    PROBLEM_REGRESSION    /* the numbers themselves */
} problem;

typedef struct {
    head_kind kind;
    pooling pool;   /* sequence and embedding */
    bool normalise; /* embedding: divide by the length */
    bool has_dense; /* sequence: dense and activation are there */
    linear dense;
    activation activation;
    linear out; /* sequence and token */
    problem problem;
    size_t n_labels;
    const char **labels; /* n_labels names from id2label */
} head;

/** The calibrated range of one quantity, e.g. "layers.0.attention/scores". */
typedef struct {
    const char *slot;
    double lo, hi;
} slot_range;

/** The attention slot of a recipe: what all its layers share. */
typedef struct {
    attention_form form;
    double c, length_power;
    bool literal;
    activation_form sigma;
    bool has_interval; /* sigma's polynomial is over [lo, hi], not over that of its tensor */
    double lo, hi;
    size_t power;
} attention_choice;

/** Which form each slot takes, docs/design/recipes.md. */
typedef struct {
    const char *name; /* "exact", "secformer", …, or "custom" */
    attention_choice attention;
    activation_form activation;
    norm_form norm, embedding_norm;
    activation_form pooler;
    size_t n_ranges;
    const slot_range *ranges; /* sorted by slot */
} recipe;

typedef struct model {
    const char *dir;
    const char *family;       /* "bert", "distilbert", "roberta" */
    const char *architecture; /* "BertForSequenceClassification" */
    size_t dim, n_layers, n_heads, ff;
    size_t max_tokens; /* special tokens included */
    size_t pad_id;
    embeddings embeddings;
    encoder_layer *layers; /* n_layers */
    head head;
    recipe recipe;
    recipe exact;     /* the forms that the family has without a recipe */
    size_t n_linears; /* ids of linear maps are below it */
    size_t n_ops;     /* ids of activations, attentions and norms are below it */
    size_t n_parameters;
    struct model_store *store; /* what the pointers above point into */
} model;

/** Open a directory; every rule of its formats is checked before anything is computed, and every
 * number that the model uses is finite. Errors name the file and the field or tensor. Cost: the
 * used weights are read once, 65 ms for BERT-base with its file in memory. */
status model_open(model **out, const char *dir, error *err) MUST_USE;
void model_free(model *m);

/** Open a directory that holds the tables of embeddings and no other weights, as the data owner of
 * a protected model has it: a model that can embed and that knows its labels, without layers and
 * linear maps; of norms it has the form and ε of the first. */
status model_open_tables(model **out, const char *dir, error *err) MUST_USE;

/** The same of a directory that holds the norm behind the tables as well, whole. */
status model_open_embeddings(model **out, const char *dir, error *err) MUST_USE;

/** The same of a directory without tables and weights: a model that knows the tables' sizes. */
status model_open_labels(model **out, const char *dir, error *err) MUST_USE;

/** Open a directory without weights, as parties have it who compute on shares: layers, norms and
 * linear maps with names, ids, shapes and forms, whose tensors and tables are NULL. Its
 * model.safetensors, where there is one, may hold the constants of forms (tacit.*). ERR_POLICY
 * where it holds anything else. */
status model_open_shapes(model **out, const char *dir, error *err) MUST_USE;

/** Whether slot is "<operation>/<quantity>" of this model, as docs/design/recipes.md lists them. */
bool model_has_slot(const model *m, const char *slot);

/** The recipe's range of a slot, or NULL where it holds none. */
const slot_range *model_range(const model *m, const char *slot);

#endif
