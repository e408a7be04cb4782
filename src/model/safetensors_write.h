/** Write a safetensors file. */
#ifndef TACIT_MODEL_SAFETENSORS_WRITE_H
#define TACIT_MODEL_SAFETENSORS_WRITE_H

#include "base/status.h"
#include "model/safetensors.h"

/** A new file with these tensors: name, rank, shape and data of the view, and dtype and bytes.
 * Rows go into the file in the order given; names must be distinct. The header is padded with
 * spaces so that the data begin at a multiple of 8, and __metadata__ says format "pt".
 *
 * path must not exist. The file is synced; the caller syncs the directory. A failure leaves no
 * file. Returns ERR_RESOURCE where the system does not take it, ERR_USAGE where a name or a size
 * breaks the format. */
status safetensors_write(const char *path, const stored_tensor *tensors, size_t n,
                         error *err) MUST_USE;

/** A row for safetensors_write: floats as F32. Nothing is copied. */
stored_tensor safetensors_f32(const char *name, size_t rank, const size_t *shape,
                              const float *data);

#endif
