/** Every form of docs/design/recipes.md in plain C: the reference for all engines.
 *
 * Pointwise functions and row statistics are computed in double and rounded once, so that each
 * result is within 1 ulp of the formula on the float operands. The signatures are those of the
 * kernel table, where each function is described.
 */
#ifndef TACIT_PLAIN_FORMS_H
#define TACIT_PLAIN_FORMS_H

#include "plain/kernels.h"

/** f(x) of one number; sigma of scaled-sigma goes through it too. */
double forms_point(activation_form form, const polynomial *poly, double x);

/** Clenshaw's sum of a Chebyshev polynomial; recipes.md (11). */
double forms_polynomial(const polynomial *p, double x);

/** T(x) of recipes.md (5). */
double forms_reciprocal(const reciprocal_net *net, double x);

/** n^alpha · kappa of a head: the public divisor of the forms without division. */
double forms_divisor(const attention *a, size_t h, size_t n);

/** What a row's weights are multiplied by, from their sum: 1/sum, 1/divisor, T(sum). */
double forms_factor(const attention *a, size_t h, size_t n, double sum);

row_weights forms_weights(float *s, size_t n, const attention *a, size_t h);
void forms_activate(float *y, const float *x, size_t n, const activation *f);
void forms_normalise(float *y, const float *x, const float *residual, const norm *f);

#endif
