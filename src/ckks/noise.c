#include "ckks/noise.h"

#include <math.h>

#include "ckks/sample.h"

/* ckks-noise.md Eq. (1): a slot of a polynomial of N independent coefficients of deviation d is
 * nearly a complex normal of deviation d sqrt(N); the largest of N / 2 of them. */
static double one(const ckks_context *x, double deviation)
{
    const double bits = CKKS_NOISE_FAILURE + (double)x->params.log_n - 1;
    return deviation * sqrt((double)x->n) * sqrt(bits * log(2));
}

/* Eq. (2): a slot of the product of two of them: the tail falls as exp(-2 t). */
static double product(const ckks_context *x, double first, double second)
{
    const double bits = CKKS_NOISE_FAILURE + (double)x->params.log_n - 1;
    return first * second * (double)x->n * (bits * log(2) / 2 + 1.5);
}

static double error_deviation(void)
{
    return sqrt(CKKS_ERROR_BITS / 2.0);
}

/* Of uniform {-1, 0, 1}, and of a rounding. */
static double ternary_deviation(void)
{
    return sqrt(2.0 / 3);
}

static double rounding_deviation(void)
{
    return sqrt(1.0 / 12);
}

double ckks_noise_encode(const ckks_context *x)
{
    return one(x, rounding_deviation());
}

double ckks_noise_encrypt(const ckks_context *x)
{
    return one(x, error_deviation()) + ckks_noise_encode(x);
}

/* v e + e0 + e1 s */
double ckks_noise_encrypt_public(const ckks_context *x)
{
    return 2 * product(x, error_deviation(), ternary_deviation()) + ckks_noise_encrypt(x);
}

double ckks_noise_divide(const ckks_context *x)
{
    return one(x, rounding_deviation()) + product(x, rounding_deviation(), ternary_deviation());
}

/* Eq. (5): digits are centred, so uniform within their product; each times its key's error. */
double ckks_noise_switch(const ckks_context *x, size_t n_limbs)
{
    const ckks_level *l = &x->level[n_limbs];
    const size_t special = x->params.n_special;
    double squares = 0;
    for (size_t j = 0; j < l->n_digits; j++) {
        double ratio = 1;
        for (size_t i = l->up[j].first; i < l->up[j].behind; i++) {
            ratio *= (double)ckks_limb_prime(x, i);
        }
        for (size_t i = special - l->n_special; i < special; i++) {
            ratio /= (double)x->ring->limb[i].m.q;
        }
        squares += ratio * ratio;
    }
    return product(x, sqrt(squares) * rounding_deviation(), error_deviation()) +
           ckks_noise_divide(x);
}

double ckks_noise_coefficient(const ckks_context *x, double slots)
{
    return slots / sqrt((double)x->n);
}
