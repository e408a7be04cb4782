/** What a benchmark runs: random weights of a shape in a recipe, and the tokens of one input. */
#ifndef TACIT_API_BENCH_MODEL_H
#define TACIT_API_BENCH_MODEL_H

#include "api/variant.h"
#include "api/workspace.h"

typedef struct {
    const model *model; /* in the recipe that was asked for */
    size_t tokens;
    uint32_t *ids;

    model *made, *opened; /* what model points to, or borrows from */
    variant variant;
    workspace files;
} bench_model;

/** shape and recipe by name. With `files` the model is written to a folder and opened from there,
 * for protections that start from a directory: bert-base takes 440 MB of disk. Errors: ERR_USAGE on
 * names that are none and on more tokens than the shape has positions. */
status bench_model_new(bench_model *b, const char *shape, const char *recipe, size_t n_tokens,
                       bool files, error *err) MUST_USE;
/** Remove the files, which nobody needs any more once every session is there. */
void bench_model_drop_files(bench_model *b);
void bench_model_clear(bench_model *b);

#endif
