/** config.json of a Hugging Face directory: what the supported families need of it.
 *
 * Source: docs/formats/model-directory.md. Fields that change the computation and are not
 * supported are refused by name; fields that matter to training alone are passed over.
 */
#ifndef TACIT_MODEL_CONFIG_H
#define TACIT_MODEL_CONFIG_H

#include <jansson.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/status.h"
#include "model/model.h"

enum {
    CONFIG_MAX_BYTES = 1 << 24,
    CONFIG_MAX_DIM = 65536,
    CONFIG_MAX_LAYERS = 1024,
    CONFIG_MAX_VOCAB = 1 << 24,
    CONFIG_MAX_POSITIONS = 1 << 20,
    CONFIG_MAX_LABELS = 65536,
};

typedef enum { FAMILY_BERT, FAMILY_DISTILBERT, FAMILY_ROBERTA } family;

/** A class of `transformers` that can be opened. */
typedef struct {
    const char *name; /* "BertForSequenceClassification" */
    family family;
    head_kind head;
} architecture;

typedef struct {
    const architecture *architecture;
    const char *family_name; /* model_type */
    size_t dim, n_layers, n_heads, ff;
    size_t vocab, max_positions, n_types; /* n_types 0: the family has none */
    size_t pad_id, first_position, max_tokens;
    double eps;
    activation_form activation;
    pooling pool;   /* of an embedding: mean, unless sentence-transformers' files say otherwise */
    bool normalise; /* likewise: true */
    problem problem;
    size_t n_labels;     /* 0 where the head is an embedding */
    const char **labels; /* n_labels, of the arena */
    json_t *tacit;       /* the recipe, borrowed from the document; NULL: none */
    json_t *doc;         /* owned */
} model_config;

/** Read the text of a config.json; `path` stands for it in errors. Strings are taken from a. */
status config_read(model_config *out, span text, const char *path, arena *a, error *err) MUST_USE;
void config_clear(model_config *c); /* a zeroed one is fine */

/** Labels and problem type, for the two kinds of classifier. */
status config_read_labels(model_config *c, const char *path, arena *a, error *err) MUST_USE;

/** "gelu", "gelu_new", … as Hugging Face calls them; false where it is not supported. */
bool config_activation(activation_form *out, const char *name);

/** A copy of s that lives in a; NULL where memory is lacking. */
char *arena_text(arena *a, const char *s);

#endif
