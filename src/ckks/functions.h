/** Functions of slots with known error: docs/design/ckks-polynomial.md, Eq. (6)-(11).
 *
 * Each is a Chebyshev series followed by rounds of an iteration that squares its error (inverses),
 * by a chain of odd polynomials (sign), or by squarings (exp). `new` finds, for a depth, the
 * mixture of least error, and says what that error is in exact arithmetic; noise comes on top of
 * it.
 */
#ifndef TACIT_CKKS_FUNCTIONS_H
#define TACIT_CKKS_FUNCTIONS_H

#include "ckks/polynomial.h"

typedef enum {
    CKKS_INVERSE,      /* 1 / x on [low, high], low > 0 */
    CKKS_INVERSE_ROOT, /* 1 / sqrt(x) on the same */
    CKKS_EXP,          /* e^x on [low, high] */
    CKKS_SIGN, /* of x, low <= |x| <= high, low > 0; between them and 0 anything in [-1, 1] */
} ckks_function_kind;

typedef struct {
    ckks_function_kind kind;
    double low, high;
    ckks_series series;
    size_t rounds; /* of the iteration behind it */
    size_t depth;
    double error; /* largest on the domain: relative for inverses and exp, absolute for sign */
} ckks_function;

/** The least error that `depth` levels give. ERR_USAGE where the domain has no meaning or the depth
 * is below 3. Cost: some milliseconds, in the clear. */
status ckks_function_new(ckks_function *out, ckks_function_kind kind, double low, double high,
                         size_t depth, error *err) MUST_USE;
void ckks_function_clear(ckks_function *f);

/** In the clear, as it will be computed. */
double ckks_function_at(const ckks_function *f, double x);

/** z = f(x): x->n_limbs - f->depth limbs, at the scale of that level; z has room for them. x is at
 * its level's scale. */
status ckks_function_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_function *f,
                           const ckks_keys *keys) MUST_USE;

#endif
