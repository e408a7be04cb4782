/** What a program's maps and constants hold, from the model's weights: lanes of one token, which
 * all tokens share. docs/design/he.md Eq. (4) to (9). */
#ifndef TACIT_HE_WEIGHTS_H
#define TACIT_HE_WEIGHTS_H

#include "he/program.h"

/** Diagonal g n_baby + b of a HE_MAP: what each lane of the result takes of the lane that stands
 * giant[g] + baby[b] slots behind it. re and im have shape.width places. False where all of it is
 * zero. */
bool he_diagonal(double *re, double *im, const he_program *p, const he_step *s, size_t g, size_t b);

/** What HE_CONSTANTS adds at each lane of tokens that are there. */
void he_constants(double *re, double *im, const he_program *p, const he_step *s);

/** gamma, by lanes, of HE_RESIDUAL. */
void he_gamma(double *re, const he_program *p, const he_step *s);

/** What HE_SCALE multiplies by, for n tokens. */
double he_factor(const he_step *s, size_t n);

#endif
