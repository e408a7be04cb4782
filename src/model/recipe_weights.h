/** The weights of a model under another recipe. */
#ifndef TACIT_MODEL_RECIPE_WEIGHTS_H
#define TACIT_MODEL_RECIPE_WEIGHTS_H

#include "model/recipe_write.h"

/** Write the weights files of m into dir with the change's tensors in them, and their index where m
 * has one. targets: the tensor's name of each of the change's. */
status recipe_write_weights(const char *dir, const model *m, const recipe_change *change,
                            const char *const *targets, error *err) MUST_USE;

#endif
