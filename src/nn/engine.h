/** What a protection must be able to do: the one interface under every forward pass.
 *
 * nn/ writes each network once, as straight C over these operations; engines give them meaning:
 * floats, shares, masks, ciphertexts, or nothing but shapes and counters. nn/ includes base/ and
 * model/ and never an engine; engines never include one another.
 *
 * A value is the engine's own. Operations give a new value and leave their operands alone; the
 * forward pass drops each value after its last use. Shapes are public: rows, columns and where
 * each sequence begins. Batches are packed: the rows of all sequences one behind the other, no
 * padding, so an operation by rows never sees a mask and attention looks at one sequence at a
 * time. Tokens that an attention mask hides are left out before `input`.
 */
#ifndef TACIT_NN_ENGINE_H
#define TACIT_NN_ENGINE_H

#include "base/status.h"
#include "model/model.h"

typedef struct engine engine;
typedef struct value value;

/** Where sequences begin: sequence i is rows start[i] to start[i + 1] - 1. */
typedef struct {
    size_t n;
    const size_t *start; /* n + 1 of them; start[0] is 0 */
} sequences;

/** What the data owner feeds in: the embedded tokens of a packed batch, before the norm. */
typedef struct {
    size_t rows, dim;
    sequences seqs; /* start[seqs.n] is rows */
    const float *x; /* rows × dim; NULL where the caller has a planner's shapes only */
    /** Of tokens that an engine embeds, x being NULL: rows each; else NULL. */
    const uint32_t *ids, *positions, *types;
} embedded;

/** Every operation returns OK, or an error with its reason in e->err; then *y is NULL. */
typedef struct {
    const char *name;
    /** The owner's input. It holds for all values made from it: one batch at a time. */
    status (*input)(engine *e, value **y, const embedded *x);
    /** y = x·Wᵀ + b, rows × w->out. */
    status (*linear)(engine *e, value **y, const value *x, const linear *w);
    /** Scores, their form and the weighted sum, by head and by sequence; rows × dim of q. */
    status (*attend)(engine *e, value **y, const value *q, const value *k, const value *v,
                     const attention *a);
    status (*activate)(engine *e, value **y, const value *x, const activation *f);
    /** By rows. residual may be NULL; else the norm is of x + residual, one operation so that
     * an engine may fuse them or take the sum in a wider ring. */
    status (*normalise)(engine *e, value **y, const value *x, const value *residual, const norm *n);
    /** One row a sequence: its first row, or the mean of its rows. */
    status (*pool)(engine *e, value **y, const value *x, pooling how);
    /** rows × columns floats to the data owner alone. */
    status (*reveal)(engine *e, float *out, const value *y);
    void (*drop)(engine *e, value *v); /* NULL is fine */
    void (*free)(engine *e);
} engine_ops;

/** Each engine's struct begins with this. */
struct engine {
    const engine_ops *ops;
    error *err; /* of the run at hand; the caller's */
};

#endif
