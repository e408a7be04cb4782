/** One safetensors file: the list of its tensors, every rule of the format checked.
 *
 * Source: docs/formats/model-directory.md. The file is
 *     8 bytes   length of the header, little endian
 *     header    a JSON object, padded with spaces: tensor name → dtype, shape, data_offsets
 *     data      the tensors one behind the other, no gap, nothing behind the last
 * Nothing is copied but names; a tensor's bytes stay where the file is mapped.
 */
#ifndef TACIT_MODEL_SAFETENSORS_H
#define TACIT_MODEL_SAFETENSORS_H

#include <stdbool.h>

#include "base/file.h"
#include "base/status.h"
#include "model/tensor.h"

enum {
    SAFETENSORS_MAX_HEADER_BYTES = 100000000,
    SAFETENSORS_MAX_TENSORS = 65536,
    SAFETENSORS_MAX_NAME_BYTES = 512,
};

/** A tensor of any type that the format knows. */
typedef struct {
    tensor view;       /* view.type has a meaning where readable is true */
    const char *dtype; /* as the file names it: "F32", "I64" */
    size_t bytes;
    bool readable; /* F32, F16 or BF16 */
    bool used;     /* somebody has asked for it by name */
    size_t file;   /* which of several files holds it */
} stored_tensor;

typedef struct {
    size_t n;
    stored_tensor *tensors; /* sorted by name */
    char *names;            /* what the views' names point into */
} safetensors;

/** Read the header of a whole file. `path` stands for it in errors; the bytes must stay as long as
 * the views are used. Every view lies inside the file. Time and memory grow with the header,
 * which is at most SAFETENSORS_MAX_HEADER_BYTES long and holds at most 2^20 values.
 *
 * Returns ERR_ARTEFACT, naming path and tensor, where a rule is broken. */
status safetensors_read(safetensors *out, span file, const char *path, error *err) MUST_USE;

/** A zeroed one is fine. */
void safetensors_clear(safetensors *s);

/** For sorting and finding by view.name. */
int stored_tensor_by_name(const void *a, const void *b);

#endif
