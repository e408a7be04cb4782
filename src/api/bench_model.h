/** What a benchmark runs: random weights of a shape in a recipe, and the tokens of one input. */
#ifndef TACIT_API_BENCH_MODEL_H
#define TACIT_API_BENCH_MODEL_H

#include "api/variant.h"
#include "api/workspace.h"

/** What a protection asks of a model beside its weights. */
typedef enum {
    BENCH_WEIGHTS,
    BENCH_FILES, /* a directory, in which the protection starts: bert-base takes 440 MB of disk */
    BENCH_RANGES /* calibrated ranges: those of one run, widened to what trained weights see */
} bench_wants;

typedef struct {
    const model *model; /* in the recipe that was asked for */
    size_t tokens;
    uint32_t *ids;

    model *made, *opened; /* what model points to, or borrows from */
    variant variant;
    workspace files;
    arena *names; /* of ranges */
} bench_model;

/** shape and recipe by name. Errors: ERR_USAGE on names that are none and on more tokens than the
 * shape has positions. */
status bench_model_new(bench_model *b, const char *shape, const char *recipe, size_t n_tokens,
                       bench_wants wants, error *err) MUST_USE;
/** Remove the files, which nobody needs any more once every session is there. */
void bench_model_drop_files(bench_model *b);
void bench_model_clear(bench_model *b);

/** Of what one run has seen: sorted by slot, in the arena. */
status bench_ranges(slot_range **out, const range_recorder *seen, bool softmax, arena *names,
                    error *err) MUST_USE;

#endif
