/** The look-ups of a plan: each fitted once, as closely as its range allows, and shared by all
 * operations that ask for the same. Source: docs/design/mpc-encoder.md, mpc-refine.md. */
#ifndef TACIT_MPC_PLAN_FUNCTIONS_H
#define TACIT_MPC_PLAN_FUNCTIONS_H

#include "mpc/plan.h"

/** What a look-up is to be. */
typedef struct {
    mpc_function f;
    double lo, hi;
    unsigned bits; /* of its words; 0, of exponentials: as many as make a step 1.25e-4 */
    double off;    /* of exponentials: wanted largest error beside the largest value */
} mpc_wish;

/** *out: its place in p->functions, where it is already or now put. Exponentials are as close as
 * wanted where that can be had, and never looser than 2e-4.
 *
 * Errors: ERR_PRECISION where a range is too wide; ERR_RESOURCE.
 * Cost: that of mpc_fit() for a new one. */
status mpc_plan_function(mpc_plan *p, size_t *out, const mpc_wish *o, error *err) MUST_USE;

#endif
