/** The sine that removes multiples of q_0: docs/design/ckks-bootstrapping.md Eq. (8), (10). */
#ifndef TACIT_CKKS_SINE_H
#define TACIT_CKKS_SINE_H

#include "ckks/polynomial.h"

/** What it is evaluated on: |x| <= CKKS_SINE_REACH, x near an integer. */
#define CKKS_SINE_REACH 15.5
#define CKKS_SINE_TURN  6.283185307179586

/** u = x / CKKS_SINE_REACH in [-1, 1] to cos(t), t = pi / 2 + 2 pi (x - 1/4) / 2^doublings, which
 * so many doublings of the angle take to sin(2 pi x). A right angle is in t because a cosine
 * forgets its angle near 0 and pi: those stay where x hardly ever is. Coefficients come from sums
 * and products alone, so that they are the same everywhere; out is new. */
status ckks_sine_series(ckks_series *out, size_t degree, unsigned doublings, error *err) MUST_USE;

/** The largest distance of that series from its cosine: the sum of the
 * Bessel functions that it leaves out. */
double ckks_sine_error(size_t degree, unsigned doublings);

/** z = 2 x^2 - 1, of one limb less. */
status ckks_sine_double(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                        const ckks_keys *keys) MUST_USE;

#endif
