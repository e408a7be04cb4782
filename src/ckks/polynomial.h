/** Polynomials of ciphertexts, in the Chebyshev basis: docs/design/ckks-polynomial.md.
 *
 * p(x) = sum of coefficient[i] T_i(u), u = (2 x - low - high) / (high - low). On [low, high] all
 * |T_i(u)| <= 1, so that nothing grows. Evaluation is Paterson and Stockmeyer's, at the least
 * depth: ceil(log2(degree + 1)) levels, and one more unless the interval is [-1, 1].
 */
#ifndef TACIT_CKKS_POLYNOMIAL_H
#define TACIT_CKKS_POLYNOMIAL_H

#include "ckks/evaluate.h"

enum { CKKS_MAX_DEGREE = 1023 };

typedef struct {
    double low, high;
    size_t degree;
    double *coefficient; /* degree + 1 */
} ckks_series;

typedef double ckks_real_function(double x, const void *arg);

/** The interpolation at the degree + 1 Chebyshev nodes of [low, high], new. *off (may be NULL) is
 * the largest distance found at 16 points between any two nodes. Varies its time with f alone. */
status ckks_series_fit(ckks_series *out, ckks_real_function *f, const void *arg, double low,
                       double high, size_t degree, double *off, error *err) MUST_USE;
void ckks_series_clear(ckks_series *s);

/** In the clear, by Clenshaw's recurrence. */
double ckks_series_at(const ckks_series *s, double x);

/** Levels that evaluation takes. */
size_t ckks_series_depth(const ckks_series *s);

/** z = p(x), at the scale of its level: x->n_limbs - ckks_series_depth(s) limbs, at least one.
 * Slots of x lie in [low, high]. Cost: about 2 sqrt(2 degree) + log2(degree) products. */
status ckks_series_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_series *s,
                         const ckks_keys *keys) MUST_USE;

/** The same at a scale of one's own, of that level's order. */
status ckks_series_apply_scaled(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_series *s,
                                double scale, const ckks_keys *keys) MUST_USE;

#endif
