/** Steps on ciphertexts, each in its own file, and what each of them counts: planner and server
 * call the same functions. docs/design/he.md. */
#ifndef TACIT_HE_STEPS_H
#define TACIT_HE_STEPS_H

#include "he/plan.h"
#include "he/spares.h"

/** Inner sums of a map that are made in one pass over its turned operand. */
enum { HE_INNER_SUMS = 8 };

void he_tally_map(he_tally *t, const he_map *m, size_t n_limbs);
void he_tally_sum_terms(he_tally *t, const he_step *s, size_t n_limbs);
void he_tally_products(he_tally *t, const he_products *r, size_t n_limbs);
void he_tally_squares(he_tally *t, size_t n_limbs);

/** One step's work: session, keys. */
typedef struct {
    ckks *c;
    const ckks_keys *keys;
    he_tally *tally;
    he_spares *spares;
} he_work;

/** z = the map of x, rescaled; plain has n_giant n_baby places, a zeroed one is no diagonal.
 * Diagonals are turned back by their giant step. z has room for x->n_limbs - 1. */
status he_run_map(he_work *w, ckks_cipher *z, const ckks_cipher *x, const he_map *m,
                  const ckks_plain *plain) MUST_USE;

status he_run_sum(he_work *w, ckks_cipher *z, const ckks_cipher *x, const he_step *s) MUST_USE;

/** x and y have the same limbs and scale; z one limb less. */
status he_run_products(he_work *w, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                       const he_products *r) MUST_USE;

status he_run_squares(he_work *w, ckks_cipher *z, const ckks_cipher *x) MUST_USE;

#endif
