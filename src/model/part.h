/** Parts of a model directory, for parties that must not have all of it.
 *
 * Each is a list of what goes in, so that nothing comes along that nobody has thought of. All of
 * them write into a directory that is there, files that are not.
 */
#ifndef TACIT_MODEL_PART_H
#define TACIT_MODEL_PART_H

#include "model/model.h"

/** What a config.json says beside the fields that the architecture needs. */
typedef struct {
    const char *architecture; /* NULL: the model's */
    size_t vocab;             /* vocab_size */
    bool names;               /* of labels; else they are LABEL_0, LABEL_1, … */
    bool recipe;              /* the key "tacit" */
    bool ranges;              /* of the recipe */
    const char *mark;         /* a further key, {"schema": mark_schema}; NULL: none */
    int mark_schema;
} part_config;

status part_write_config(const char *dir, const model *m, const part_config *what,
                         error *err) MUST_USE;

/** Whether the config.json of a directory has that mark. */
status part_has_mark(bool *out, const char *dir, const char *mark, error *err) MUST_USE;

/** The class of the bare encoder where m is an embedding: a head over the vocabulary, which the
 * program does not use, would hold the table; else the model's own. */
const char *part_bare_architecture(const model *m);

/** Licences, and how an embedding is pooled. */
status part_copy_terms(const char *dir, const model *m, error *err) MUST_USE;

/** The tokenizer's files. */
status part_copy_tokenizer(const char *dir, const model *m, error *err) MUST_USE;

/** model.safetensors with the tables of embeddings alone, under the names that they have in m. */
status part_write_tables(const char *dir, const model *m, error *err) MUST_USE;

/** The same with the norm behind them, for model_open_embeddings. */
status part_write_embeddings(const char *dir, const model *m, error *err) MUST_USE;

/** model.safetensors with the constants of forms alone; none where the model uses none. */
status part_write_constants(const char *dir, const model *m, error *err) MUST_USE;

#endif
