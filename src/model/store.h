/** What a model's pointers point into. */
#ifndef TACIT_MODEL_STORE_H
#define TACIT_MODEL_STORE_H

#include "base/arena.h"
#include "model/weights.h"

typedef struct model_store {
    weights weights;
    arena *arena; /* names, vectors, layers */
} model_store;

#endif
