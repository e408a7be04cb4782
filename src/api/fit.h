/** Approximations that a conversion without training makes by formula. */
#ifndef TACIT_API_FIT_H
#define TACIT_API_FIT_H

#include <stddef.h>

typedef double fit_fn(double x, const void *ctx);

/** The polynomial of that degree that equals f at the Chebyshev nodes of [lo, hi], in the
 * Chebyshev basis: within a factor 2 + (2/π) ln(degree + 1) of the best one.
 * coef out  degree + 1 */
void fit_chebyshev(float *coef, size_t degree, double lo, double hi, fit_fn *f, const void *ctx);

/** A net of three linear layers with ReLU between them that joins points of 1/x, evenly spaced in
 * log x over [lo, hi], by straight lines; beyond hi it is 1/hi, below lo it goes on straight. 0 <
 * lo < hi. Relative error: (r - 1)² / (4 r), r = (hi / lo)^(1 / width). w1, b1, b2, w3 out  width;
 * w2 out  width × width;  b3 out  1 */
void fit_reciprocal(float *w1, float *b1, float *w2, float *b2, float *w3, float *b3, size_t width,
                    double lo, double hi);

#endif
