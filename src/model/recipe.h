/** The key "tacit" of config.json, read: which form each slot takes, its numbers and the ranges.
 *
 * Source: docs/design/recipes.md. Constants that are vectors are tensors; build.h finds them.
 */
#ifndef TACIT_MODEL_RECIPE_H
#define TACIT_MODEL_RECIPE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/status.h"
#include "model/config.h"
#include "model/model.h"

enum { RECIPE_SCHEMA = 1, RECIPE_MAX_RANGES = 1 << 20 };

/** The fields of the attention slot. */
typedef struct {
    attention_form form;
    double c, length_power;
    bool literal;
    activation_form sigma;
    bool has_interval; /* lo and hi are given here, not as a tensor */
    double lo, hi;
    size_t power;
} attention_choice;

typedef struct {
    const char *name;
    attention_choice attention;
    activation_form activation;
    norm_form norm, embedding_norm;
    activation_form pooler;
    size_t n_ranges;
    slot_range *ranges; /* sorted by slot; names and array of the arena */
} recipe_spec;

/** The recipe of a configuration: what its "tacit" says, or exact. Unknown names, forms and
 * fields are errors that name them. Whether the slots of ranges exist is not known here. */
status recipe_read(recipe_spec *out, const model_config *c, const char *path, arena *a,
                   error *err) MUST_USE;

/** Whether each range of the model's recipe is about one of its slots. */
status recipe_check_ranges(const model *m, const char *path, error *err) MUST_USE;

/** A named recipe with its defaults for a model of this configuration; false where there is no
 * such name ("custom" is one, and is as exact). */
bool recipe_named(recipe_spec *out, const char *name, const model_config *c);

/** Names of forms as the file has them. */
const char *attention_form_name(attention_form f);
const char *activation_form_name(activation_form f);
const char *norm_form_name(norm_form f);

/** The forms of those names; false where there is none. */
bool attention_form_find(attention_form *out, const char *name);
bool activation_form_find(activation_form *out, const char *name);
bool norm_form_find(norm_form *out, const char *name);

/** All recipes, for a sentence. */
const char *recipe_names(void);

#endif
