/** A tensor of a model directory: a view of mapped bytes, little endian, row-major. */
#ifndef TACIT_MODEL_TENSOR_H
#define TACIT_MODEL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { DTYPE_F32, DTYPE_F16, DTYPE_BF16 } dtype;

enum { TENSOR_MAX_RANK = 8 };

typedef struct {
    const char *name;
    dtype type;
    size_t rank;
    size_t shape[TENSOR_MAX_RANK];
    size_t count;     /* elements: the product of shape */
    const void *data; /* count elements; aligned to nothing */
} tensor;

const char *dtype_name(dtype t);
size_t dtype_bytes(dtype t);

/** count elements from index `first`, as float. */
void tensor_read(float *out, const tensor *t, size_t first, size_t count);

/** Whether no element is a NaN or infinite; else *bad is the index of the first that is.
 * One pass over the bytes, as fast as memory gives them. */
bool tensor_finite(const tensor *t, size_t *bad);

#endif
