/** Inside of the engine, for the files engine*.c. */
#ifndef TACIT_MPC_STATE_H
#define TACIT_MPC_STATE_H

#include "mpc/engine.h"
#include "mpc/gates.h"

struct value {
    wire *x;
    size_t rows, columns;
    unsigned width; /* at which x is to be opened; 0: that is for who asks to know */
    uint32_t norm;  /* whose γ and β are still to be applied, or MPC_NONE */
};

typedef struct {
    engine base;
    mpc p;
    const model *model;
    const mpc_plan *plan;
    const mpc_weights *weights;
    const mpc_weight *linears, *norms; /* the weights', or shapes alone */
    mpc_weight *own_linears, *own_norms;
    mpc_weight tables; /* of embeddings, where they are shared */
    size_t *starts;
    size_t cap_starts;
    sequences seqs;
    wire *answer;

    mpc_asks asks;
    wire **guarded;
    size_t n_guarded, cap_guarded, guard_words;
    wire *outside; /* how many did not hold so far; NULL: none compared yet */
} mpc_engine;

/** A value over x, which it takes over; NULL (x dropped, the reason in e->p.err) where memory is
 * lacking. */
value *value_new(mpc_engine *e, wire *x, size_t rows, size_t columns);

/** Open the value's wire where that has not been done. */
status value_open(mpc_engine *e, value *v) MUST_USE;

/** Drop fraction bits down to `frac`, then keep `bits`. */
void mpc_settle(mpc *p, wire *x, unsigned frac, unsigned bits);

/** The public factor of a look-up's results. */
typedef struct {
    double *gain; /* of each element, in [1/2, 1) for the largest */
    int exponent; /* times 2^-exponent */
} lookup_gain;

/** y = f(x) for a function of the plan; y at `frac` fraction bits in a ring of `bits`. */
status mpc_apply(mpc_engine *e, wire **y, const wire *x, size_t function, const lookup_gain *g,
                 unsigned bits, unsigned frac) MUST_USE;

/** The ring that x must grow into when it is opened for a look-up with a line. */
unsigned mpc_apply_grow(const mpc_engine *e, size_t function, unsigned bits, unsigned frac);

/** Under guard: that words of x, not yet opened, lie in [lo, hi]. Notices what is outside by up to
 * four times the range, or by as much as x's ring holds. Two rounds, now and then. */
status mpc_guard(mpc_engine *e, const wire *x, double lo, double hi) MUST_USE;
/** One word of MPC_ANSWER_BITS bits: 1 where anything was outside. */
status mpc_guard_answer(mpc_engine *e, wire **bit) MUST_USE;
void mpc_guard_drop(mpc_engine *e);

/** label[i] = the index of the largest of row i of x, of equals the first: words of `bits` bits.
 * Words of x that differ by less than half of its ring. Two rounds, with more than two columns
 * four. docs/design/mpc-label.md */
status mpc_row_labels(mpc *p, wire **label, const wire *x, size_t columns, unsigned bits) MUST_USE;

/** The owner's input as the first norm takes it, or has given it. */
status mpc_read_input(mpc_engine *e, wire **y, size_t rows) MUST_USE;

status mpc_attend(engine *base, value **y, const value *q, const value *k, const value *v,
                  const attention *a) MUST_USE;
status mpc_normalise(engine *base, value **y, const value *x, const value *residual,
                     const norm *n) MUST_USE;
status mpc_activate(engine *base, value **y, const value *x, const activation *f) MUST_USE;

#endif
