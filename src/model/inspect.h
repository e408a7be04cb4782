/** What is in a model, and whether all of it is sound. */
#ifndef TACIT_MODEL_INSPECT_H
#define TACIT_MODEL_INSPECT_H

#include <jansson.h>

#include "base/status.h"
#include "model/model.h"

/** An object that describes m: family, architecture, sizes, files, dtypes, head, recipe. Its fields
 * are listed in docs/formats/model-directory.md. NULL where memory is lacking; the caller's. */
json_t *model_describe(const model *m);

/** What opening leaves out: that no tensor of any file, used or not, holds a NaN or infinity.
 * *notes becomes an array of sentences on what is sound but odd: tensors that are not used,
 * safetensors files that are not read, a recipe without ranges. The caller's. */
status model_verify(const model *m, json_t **notes, error *err) MUST_USE;

#endif
