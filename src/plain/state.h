/** What the files of the plain engine share: its state, its values and its buffers. */
#ifndef TACIT_PLAIN_STATE_H
#define TACIT_PLAIN_STATE_H

#include "plain/kernels.h"
#include "plain/plain.h"

/** Rows × columns floats, dense and row-major. Buffers go from value to value through the
 * engine's list of free ones, so that a second run takes nothing from the system. */
struct value {
    value *next; /* in the list of free values */
    size_t rows, columns;
    const float *data; /* own, or the caller's input */
    float *own;        /* NULL for a borrowed input */
    size_t capacity;   /* floats in own */
    uint64_t serial;   /* no two values of an engine have the same */
};

/** A linear map with its weights packed for the kernels: fp32, rounded to bf16 beforehand where
 * no kernel multiplies bf16; or bf16. All lie in one block, in order of execution. */
typedef struct {
    const linear *source;
    void *panels;
    size_t depth;    /* k of the packing: `in`, or more for bf16 */
    size_t n_panels; /* of PANEL columns */
    size_t panel_bytes;
} packed_linear;

/** Memory that grows to the largest need of any operation. */
typedef struct {
    void *bytes;
    size_t size;
} scratch;

typedef struct {
    engine base;
    const model *model;
    pool *pool;
    plain_kernels kernels;
    plain_precision precision;
    range_recorder *ranges; /* or NULL */
    packed_linear *linears; /* model->n_linears of them, by id */
    void *panels;           /* of all of them */
    bool tiles;             /* panels are bf16 for gemm_bf16 */
    sequences seqs;         /* of the batch at hand; start is own, grown */
    size_t *starts;
    size_t starts_capacity;
    value *free_values;
    uint64_t serials;    /* given out so far */
    scratch operand;     /* rows of a value as the products want them, */
    uint64_t operand_of; /* of the value with that serial */
    scratch workers;     /* attention: a part for each worker */
    size_t bytes;        /* taken from the system */
} plain_engine;

static inline size_t plain_round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/** A value of that shape, contents unspecified. */
status plain_value_new(plain_engine *e, value **out, size_t rows, size_t columns) MUST_USE;
void plain_value_drop(engine *e, value *v);
void plain_values_free(plain_engine *e);

/** At least n · size bytes in s, contents unspecified. */
status plain_scratch_need(plain_engine *e, scratch *s, size_t n, size_t size) MUST_USE;

/** y = x rounded to bf16, as floats; y may be x. */
void plain_round_bf16(const plain_kernels *k, float *y, const float *x, size_t n);

/** Pack every linear map of the model. */
status plain_pack_model(plain_engine *e) MUST_USE;
void plain_packed_free(plain_engine *e);

status plain_linear(engine *e, value **y, const value *x, const linear *w) MUST_USE;
status plain_attend(engine *e, value **y, const value *q, const value *k, const value *v,
                    const attention *a) MUST_USE;
status plain_activate(engine *e, value **y, const value *x, const activation *f) MUST_USE;
status plain_normalise(engine *e, value **y, const value *x, const value *residual,
                       const norm *f) MUST_USE;

#endif
