/** Give a model another recipe: a new directory with the same weights, other forms, and the
 * constants that these need. What constants are right is the caller's affair. */
#ifndef TACIT_MODEL_RECIPE_WRITE_H
#define TACIT_MODEL_RECIPE_WRITE_H

#include "base/status.h"
#include "model/recipe.h"

/** A constant of one operation: "layers.0.attention.kappa" becomes the tensor of that name under
 * "tacit."; "layers.0.output_norm.gamma" or ".beta" replaces the family's own tensor. */
typedef struct {
    const char *name;
    size_t rank, shape[2];
    const float *data;
} recipe_tensor;

/** recipe_named() fills the forms; ranges may be in any order. */
typedef struct {
    recipe recipe;
    size_t n_tensors;
    const recipe_tensor *tensors;
} recipe_change;

/** Write dst: src with that recipe. dst must not exist and appears whole, or not at all: it is
 * made beside its place, opened as any model, synced and renamed.
 *
 * config.json keeps every other byte. Weights files that nothing changes are copied as they are.
 * Constants go into model.safetensors, or beside shards into tacit.safetensors. Constants that src
 * has stay where the slot keeps its form, and go where it changes. Texts around the model
 * (tokenizer, sentence-transformers, LICENSE, …) come along; other checkpoints do not.
 *
 * Returns ERR_USAGE where dst exists or a constant belongs to no form of the recipe; ERR_ARTEFACT
 * where src cannot be opened, the result cannot be opened, or src has norms without statistics
 * already and the recipe asks for others; ERR_RESOURCE where it cannot be written. */
status recipe_apply(const char *src, const char *dst, const recipe_change *change,
                    error *err) MUST_USE;

#endif
