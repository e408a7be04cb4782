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

/** The recipe of a configuration: what its "tacit" says, or exact. Unknown names, forms and
 * fields are errors that name them. Whether the slots of ranges exist is not known here. */
status recipe_read(recipe *out, const model_config *c, const char *path, arena *a,
                   error *err) MUST_USE;

/** Whether each range of the model's recipe is about one of its slots. */
status recipe_check_ranges(const model *m, const char *path, error *err) MUST_USE;

/** The recipe of that name with its defaults, for a model whose own forms are `exact` (model.h has
 * them); false where there is no such name. "custom" is one, and is as exact. */
bool recipe_named(recipe *out, const char *name, const recipe *exact);

/** The forms of a configuration's family. */
recipe recipe_exact(const model_config *c);

/** The object for the key "tacit" that reads back as r, every slot written out; NULL where memory
 * is lacking. The caller's. */
json_t *recipe_json(const recipe *r);

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
