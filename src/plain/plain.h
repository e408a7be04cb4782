/** The engine in the clear: fp32 by default, and the reference for every recipe.
 *
 * plain/ includes base/, model/ and nn/. Results are bit-identical for any number of threads;
 * between instruction sets they differ within the bounds that kernels.h states.
 */
#ifndef TACIT_PLAIN_PLAIN_H
#define TACIT_PLAIN_PLAIN_H

#include <stdbool.h>

#include "base/cpu.h"
#include "base/pool.h"
#include "model/model.h"
#include "nn/engine.h"

typedef enum {
    PLAIN_F32,
    PLAIN_BF16 /* operands of matrix products in bf16, sums and all else in fp32. Without AMX the
                  operands of linear maps are rounded and multiplied in fp32; attention is fp32 */
} plain_precision;

/** Smallest and largest value seen at each slot, e.g. "layers.0.attention/scores". */
typedef struct range_recorder range_recorder;

status range_recorder_new(range_recorder **out, error *err) MUST_USE;
void range_recorder_free(range_recorder *r);
size_t range_recorder_count(const range_recorder *r);
/** The i-th slot in order of first use; the name is the recorder's. */
slot_range range_recorder_get(const range_recorder *r, size_t i);

typedef struct {
    isa isa;
    plain_precision precision;
    range_recorder *ranges; /* NULL: record nothing; the caller's, outlives the engine */
} plain_options;

/** Packs the model's weights once; the model must outlive the engine. One run at a time. */
status plain_engine_new(engine **out, const model *m, pool *p, const plain_options *o,
                        error *err) MUST_USE;

/** Overwrite what runs have left in the engine's buffers: values of inputs and of every layer. Not
 * during a run. Cost: that of zeroing them. */
void plain_engine_forget(engine *e);

/** Memory that the engine holds now: packed weights, values and scratch. */
size_t plain_engine_bytes(const engine *e);

#endif
