/** A copy of a model whose forms and constants are those of another recipe, made from what was
 * measured on the original. The copy borrows the original's weights, which must outlive it. */
#ifndef TACIT_API_VARIANT_H
#define TACIT_API_VARIANT_H

#include "api/calibrate.h"
#include "base/arena.h"
#include "model/recipe_write.h"
#include "plain/plain.h"

typedef struct {
    model model;
    arena *arena; /* layers, constants, names */
    recipe_tensor *constants;
    size_t n_constants, cap_constants;
} variant;

/** What the fitted forms look like. */
enum { VARIANT_SIGMA_DEGREE = 6, VARIANT_ACTIVATION_DEGREE = 8, VARIANT_THEX_WIDTH = 16 };

/** The recipe of that name for the model, or an error that lists the names. */
status variant_recipe(recipe *out, const char *name, const model *m, error *err) MUST_USE;

/** c and ranges are what the original showed. Errors: ERR_PRECISION where what was measured does
 * not allow a constant. */
status variant_new(variant *out, const model *m, const recipe *r, calibration *c,
                   const range_recorder *ranges, error *err) MUST_USE;
void variant_clear(variant *v);

/** The variant, which came of the directory src by the recipe r, as the directory dst: with `seen`
 * widened by the share `margin` as its ranges. As recipe_apply. */
status variant_write(const variant *v, const char *src, const char *dst, const recipe *r,
                     const range_recorder *seen, double margin, error *err) MUST_USE;

#endif
