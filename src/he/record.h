/** The recorder's own: an engine of nn/ whose values are registers and maps that wait for what
 * follows them. */
#ifndef TACIT_HE_RECORD_H
#define TACIT_HE_RECORD_H

#include "he/program.h"
#include "nn/engine.h"

typedef enum {
    HE_STATES,  /* hidden states, in all copies */
    HE_CONTEXT, /* behind attention, in two copies; the real part counts */
    HE_HIDDEN,  /* squares of the feed-forward's units */
} he_kind;

struct value {
    he_kind kind;
    size_t reg;
    bool first, mean; /* of the first token alone; of the mean over tokens */
    size_t n_linear;  /* maps that wait */
    const linear *linear[2];
    const activation *activation; /* HE_HIDDEN */
    size_t masks[3];              /* HE_CONTEXT: steps that hold for all tokens so far */
};

typedef struct {
    engine base;
    he_program *p;
    size_t layer;
    status failed;
} he_recorder;

/** A step whose result has so many levels more than its deepest operand, in a new register *z. */
he_step *he_add_step(he_recorder *r, size_t *z, const he_step *step, size_t levels);

/** context = attention(q, k, v), three maps that wait over the same states. */
status he_record_attention(he_recorder *r, value *context, const value *q, const value *k,
                           const value *v, const attention *a) MUST_USE;
/** hidden = squares of the map that waits in x */
status he_record_up(he_recorder *r, value *hidden, const value *x, const activation *f) MUST_USE;
/** y = gamma (x's waiting map + residual) + beta */
status he_record_norm(he_recorder *r, value *y, const value *x, const value *residual,
                      const norm *n) MUST_USE;
status he_record_head(he_recorder *r, const value *x) MUST_USE;

#endif
