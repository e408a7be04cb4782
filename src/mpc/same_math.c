#include "mpc/same_math.h"

#include <math.h>

static const double two_pi = 6.283185307179586;

/* Taylor series on [0, pi/4], from the smallest term up. */
static double cos_small(double x)
{
    const double y = x * x;
    double s = 0;
    for (int k = 18; k >= 2; k -= 2) {
        s = (1 - s) * y / (k * (k - 1));
    }
    return 1 - s;
}

static double sin_small(double x)
{
    const double y = x * x;
    double s = 0;
    for (int k = 19; k >= 3; k -= 2) {
        s = (1 - s) * y / (k * (k - 1));
    }
    return x * (1 - s);
}

double same_cos_turns(double t)
{
    t = fabs(t - nearbyint(t));
    const double sign = t > 0.25 ? -1 : 1;
    t = t > 0.25 ? 0.5 - t : t;
    return sign * (t > 0.125 ? sin_small(two_pi * (0.25 - t)) : cos_small(two_pi * t));
}

double same_sin_turns(double t)
{
    t -= nearbyint(t);
    const double sign = t < 0 ? -1 : 1;
    t = fabs(t);
    t = t > 0.25 ? 0.5 - t : t;
    return sign * (t > 0.125 ? cos_small(two_pi * (0.25 - t)) : sin_small(two_pi * t));
}

double same_exp(double x)
{
    if (x > 710 || x < -746) {
        return x > 0 ? HUGE_VAL : 0;
    }
    /* x = n ln 2 + r; the upper part of ln 2 has zeros behind, so that its product is exact. */
    const double n = nearbyint(x * 1.4426950408889634);
    const double r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10;
    double s = 1;
    for (int k = 16; k >= 1; k--) {
        s = 1 + r * s / k;
    }
    return ldexp(s, (int)n);
}

/* Newton's steps on e^y = x, from the power of two below. */
double same_log(double x)
{
    int power = 0;
    (void)frexp(x, &power);
    double y = power * 0.6931471805599453;
    for (int i = 0; i < 6; i++) {
        y += x * same_exp(-y) - 1;
    }
    return y;
}

double same_tanh(double x)
{
    const double y = fabs(x);
    const double sign = x < 0 ? -1 : 1;
    if (y < 0.25) { /* (e^y - e^-y)/(e^y + e^-y) would cancel: both as series */
        const double z = y * y;
        double sinh = 1, cosh = 1;
        for (int k = 16; k >= 2; k -= 2) {
            sinh = 1 + z * sinh / (k * (k + 1));
            cosh = 1 + z * cosh / (k * (k - 1));
        }
        return sign * y * sinh / cosh;
    }
    const double e = same_exp(-2 * y);
    return sign * (1 - e) / (1 + e);
}

/* erf(x) = 2/sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (1·3·…·(2n+1)): no term is negative. */
double same_erf(double x)
{
    const double y = fabs(x);
    const double sign = x < 0 ? -1 : 1;
    if (y >= 6) {
        return sign;
    }
    double term = y, sum = y;
    for (int n = 1; term > 1e-18 * sum; n++) {
        term *= 2 * y * y / (2 * n + 1);
        sum += term;
    }
    return sign * 1.1283791670955126 * same_exp(-y * y) * sum;
}
