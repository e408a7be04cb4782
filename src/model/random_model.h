/** Models of a given shape with random weights, made without files: for measuring and for tests.
 *
 * Weights are like those of a fresh BERT: about N(0, 0.02²), the same for the same seed on every
 * machine. All tensors are windows of one buffer, hardly larger than the largest of them, so that
 * a model costs little memory; two tensors may share numbers.
 */
#ifndef TACIT_MODEL_RANDOM_MODEL_H
#define TACIT_MODEL_RANDOM_MODEL_H

#include <stdint.h>

#include "model/model.h"

typedef struct {
    size_t dim, n_layers, n_heads, ff, vocab, max_positions, n_labels;
} model_shape;

/** A BERT for sequence classification, recipe exact; model_free gives it back.
 * Returns ERR_USAGE where a size is 0 or heads do not divide dim. */
status model_random(model **out, const model_shape *s, uint64_t seed, error *err) MUST_USE;

/** Write what model_random has made as a Hugging Face directory without a tokenizer. dir must not
 * exist and appears whole or not at all. Opened again it is the same model, number for number. */
status model_random_write(const model *m, const char *dir, error *err) MUST_USE;

/** "bert-base", "bert-large", "bert-tiny", "minilm-l6"; NULL where there is no such name. */
const model_shape *model_shape_find(const char *name);

#endif
