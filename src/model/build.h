/** From a configuration, a recipe and weights to the structs of model.h: names, ids in order of
 * execution, shapes checked, vectors converted to float. */
#ifndef TACIT_MODEL_BUILD_H
#define TACIT_MODEL_BUILD_H

#include "base/arena.h"
#include "model/config.h"
#include "model/model.h"
#include "model/recipe.h"
#include "model/weights.h"

typedef struct {
    model *m;
    const model_config *config;
    const recipe *recipe;
    const weights *weights;
    const char *prefix; /* of the family's tensors: "bert.", or "" */
    arena *a;           /* for all that the model keeps */
    bool shapes_only;   /* linear maps, norms and tables stay without numbers */
    error *err;
} builder;

/** Fill embeddings, layers and head of b->m. */
status build_encoder(builder *b) MUST_USE;

/** Fill the tables of b->m, and what needs no weights of its head. */
status build_tables(builder *b) MUST_USE;
/** The same, and the norm behind them. */
status build_embeddings_alone(builder *b) MUST_USE;

/** The tensor `name`, of that shape, as floats. */
status build_floats(builder *b, const float **out, const char *name, size_t rank,
                    const size_t *shape) MUST_USE;

/** printf into the arena. */
status build_name(builder *b, const char **out, const char *fmt, ...) MUST_USE
    __attribute__((format(printf, 3, 4)));

/** Fill form and constants; name, id and shapes are there already. `slot` is the operation's name,
 * under which a recipe's tensors are found: tacit.<slot>.kappa. */
status build_attention_form(builder *b, attention *a) MUST_USE;
status build_activation_form(builder *b, activation *f, activation_form form) MUST_USE;
status build_norm_form(builder *b, norm *n, norm_form form) MUST_USE;

#endif
