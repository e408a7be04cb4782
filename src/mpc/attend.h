/** Inside of attention, for the files engine_attend.c, engine_weights.c and engine_sums.c. */
#ifndef TACIT_MPC_ATTEND_H
#define TACIT_MPC_ATTEND_H

#include "mpc/refine.h"
#include "mpc/state.h"

enum {
    VALUE_FRAC = 10,
    WEIGHT_BITS = MPC_CONTEXT_BITS, /* opened width of weights and values */
    SUM_BITS = 20,
    SUMMED_BITS = 23,  /* of the context before division */
    DIVISOR_BITS = 24, /* of 1 / row sum, at least */
    DIVISOR_FRAC = 14, /* bits that the smallest of them has */
    FINE_RING = 64,
};

/** One attention on its way. */
typedef struct {
    mpc_engine *e;
    mpc *p;
    const attention *a;
    const mpc_attention_plan *ap;
    mpc_heads h;
    size_t longest, shortest;
    unsigned weight_frac, summed_frac, divisor_frac, divisor_bits;
    wire *q, *k, *v, *weights, *sums, *fine, *summed, *divisor;
    refine_widths refined; /* where the look-up of 1 / row sum is a seed */
    bool is_seed;
    uint8_t *above; /* by row: the row sum is below 2^above */
    lookup_gain gain;
} attend_run;

/** Whether weights are divided by their secret sum. */
bool attend_divides(const attend_run *r);

/** What the row sums of a sequence of n are at most and at least. */
double attend_largest_sum(const attend_run *r, size_t n);
double attend_least_sum(const attend_run *r, size_t n);

/** r->weights from q, k: not yet opened, in the ring in which their sums are to be taken; their
 * fraction is at least r->weight_frac. Opens v beside q and k. */
status attend_weights(attend_run *r) MUST_USE;

/** r->sums: the row sums as words of the reciprocal's look-up; r->fine where that is a seed. */
status attend_sums(attend_run *r) MUST_USE;

/** r->divisor from r->sums, and r->fine, opened. A round where that is a seed. */
status attend_invert(attend_run *r) MUST_USE;

/** Row maxima of words of `bits` bits that differ by less than half of the ring, for the scores of
 * h; x stays as it is and unopened. Two rounds for every doubling of the longest row. */
status mpc_row_maxima(mpc *p, wire **most, const wire *x, const mpc_heads *h) MUST_USE;

#endif
