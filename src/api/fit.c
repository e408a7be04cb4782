#define _GNU_SOURCE
#include "api/fit.h"

#include <math.h>

void fit_chebyshev(float *coef, size_t degree, double lo, double hi, fit_fn *f, const void *ctx)
{
    const size_t n = degree + 1;
    for (size_t k = 0; k < n; k++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) {
            const double angle = M_PI * ((double)j + 0.5) / (double)n;
            const double x = (lo + hi) / 2 + (hi - lo) / 2 * cos(angle);
            sum += f(x, ctx) * cos((double)k * angle);
        }
        coef[k] = (float)((k == 0 ? 1.0 : 2.0) * sum / (double)n);
    }
}

/* The i-th of the width + 1 points from lo to hi, evenly spaced in log x. */
static double knot(size_t i, size_t width, double lo, double hi)
{
    return lo * pow(hi / lo, (double)i / (double)width);
}

/* T(x) = 1/k_width + sum over i = 1 … width of c_i ReLU(k_i - x), where c_i > 0 is the change of
 * slope at k_i: nothing cancels, so floats are enough. The middle layer passes its inputs on:
 * they are not negative, so its ReLU leaves them alone. */
void fit_reciprocal(float *w1, float *b1, float *w2, float *b2, float *w3, float *b3, size_t width,
                    double lo, double hi)
{
    double beyond = 0;
    for (size_t i = width; i-- > 0;) {
        const double below = knot(i, width, lo, hi), k = knot(i + 1, width, lo, hi);
        const double slope = 1 / (below * k); /* (1/below - 1/k) / (k - below) */
        w1[i] = -1;
        b1[i] = (float)k;
        b2[i] = 0;
        w3[i] = (float)(slope - beyond);
        beyond = slope;
        for (size_t j = 0; j < width; j++) {
            w2[i * width + j] = i == j;
        }
    }
    b3[0] = (float)(1 / hi);
}
