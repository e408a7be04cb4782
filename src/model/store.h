/** What a model's pointers point into. */
#ifndef TACIT_MODEL_STORE_H
#define TACIT_MODEL_STORE_H

#include "base/arena.h"
#include "model/weights.h"

/** Which tensors a norm's vectors were read from. */
typedef struct {
    const char *slot, *gamma, *beta; /* beta NULL where it is not read */
} norm_source;

typedef struct model_store {
    weights weights;
    arena *arena; /* names, vectors, layers */
    size_t n_norms;
    norm_source *norms; /* one more than two a layer */
} model_store;

#endif
