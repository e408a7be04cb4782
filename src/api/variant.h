/** A copy of a model whose forms and constants are those of another recipe, made from what was
 * measured on the original. The copy borrows the original's weights, which must outlive it. */
#ifndef TACIT_API_VARIANT_H
#define TACIT_API_VARIANT_H

#include "api/calibrate.h"
#include "base/arena.h"
#include "plain/plain.h"

/** A tensor that the recipe adds to the directory, or that replaces one of its own. */
typedef struct {
    const char *name;
    size_t rank, shape[2];
    const float *data;
} constant;

typedef struct {
    model model;
    arena *arena; /* layers, constants, names */
    constant *constants;
    size_t n_constants, cap_constants;
} variant;

/** How a named recipe is made without training. */
typedef struct {
    const char *recipe;
    attention_form attention;
    activation_form activation; /* ACTIVATION_NONE: the model's own */
    norm_form norm;
    activation_form pooler; /* ACTIVATION_TANH: the model's own */
} variant_forms;

const variant_forms *variant_find(const char *name);

/** What the fitted forms look like. */
enum { VARIANT_SIGMA_DEGREE = 6, VARIANT_ACTIVATION_DEGREE = 8, VARIANT_THEX_WIDTH = 16 };

/** c and ranges are what the original showed. Errors: ERR_PRECISION where what was measured does
 * not allow a constant. */
status variant_new(variant *out, const model *m, const variant_forms *forms, calibration *c,
                   const range_recorder *ranges, error *err) MUST_USE;
void variant_clear(variant *v);

#endif
