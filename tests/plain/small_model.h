/** A small random encoder for tests, with weights large enough that attention is not uniform and
 * activations bend, and its inputs. */
#ifndef TACIT_TESTS_PLAIN_SMALL_MODEL_H
#define TACIT_TESTS_PLAIN_SMALL_MODEL_H

#include <stdlib.h>

#include "base/mem.h"
#include "model/random_model.h"
#include "nn/engine.h"

enum { SMALL_MAX_LINEARS = 64 };

typedef struct {
    model *m;
    tensor tensors[SMALL_MAX_LINEARS]; /* larger weights, by id of the linear map */
    float *data[SMALL_MAX_LINEARS];
} small_model;

static inline void small_enlarge(small_model *s, linear *w, float factor)
{
    tensor *t = &s->tensors[w->id];
    float *data = mem_new(w->weight->count, sizeof *data);
    tensor_read(data, w->weight, 0, w->weight->count);
    for (size_t i = 0; i < w->weight->count; i++) {
        data[i] *= factor;
    }
    *t = *w->weight;
    t->data = data;
    s->data[w->id] = data;
    w->weight = t;
}

static inline void small_model_init(small_model *s, const model_shape *shape)
{
    *s = (small_model){0};
    if (model_random(&s->m, shape, 7, NULL) != OK) {
        abort();
    }
    for (size_t i = 0; i < shape->n_layers; i++) {
        encoder_layer *l = &s->m->layers[i];
        linear *const all[] = {&l->query, &l->key, &l->value, &l->output, &l->up, &l->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            small_enlarge(s, all[j], 15);
        }
    }
    small_enlarge(s, &s->m->head.dense, 10);
    small_enlarge(s, &s->m->head.out, 10);
}

static inline void small_model_clear(small_model *s)
{
    for (size_t i = 0; i < SMALL_MAX_LINEARS; i++) {
        mem_free(s->data[i]);
    }
    model_free(s->m);
}

/* About N(0, 1/3). */
static inline float small_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

#endif
