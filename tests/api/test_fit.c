#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/fit.h"

static double exponential(double x, const void *ctx)
{
    return exp(x * *(const double *)ctx);
}

static double chebyshev_sum(const float *coef, size_t degree, double lo, double hi, double x)
{
    const double angle = acos((2 * x - lo - hi) / (hi - lo));
    double sum = 0;
    for (size_t k = 0; k <= degree; k++) {
        sum += (double)coef[k] * cos((double)k * angle);
    }
    return sum;
}

static void test_chebyshev_converges(void **state)
{
    (void)state;
    const double one = 1;
    const size_t degrees[] = {2, 5, 9};
    const double bounds[] = {0.6, 4e-3, 1e-6}; /* of exp on [-2, 1.5] */
    for (size_t i = 0; i < 3; i++) {
        float coef[10];
        double worst = 0;
        fit_chebyshev(coef, degrees[i], -2, 1.5, exponential, &one);
        for (double x = -2; x <= 1.5; x += 0.01) {
            worst = fmax(worst, fabs(chebyshev_sum(coef, degrees[i], -2, 1.5, x) - exp(x)));
        }
        assert_true(worst < bounds[i]);
        assert_true(worst > bounds[i] / 100);
    }
}

static void test_reciprocal_net(void **state)
{
    (void)state;
    enum { WIDTH = 16 };
    float w1[WIDTH], b1[WIDTH], w2[WIDTH * WIDTH], b2[WIDTH], w3[WIDTH], b3[1];
    fit_reciprocal(w1, b1, w2, b2, w3, b3, WIDTH, 0.5, 200);
    const double r = pow(400, 1.0 / WIDTH), bound = (r - 1) * (r - 1) / (4 * r);
    double worst = 0;
    for (double x = 0.5; x <= 200; x *= 1.01) {
        double h[WIDTH], y = b3[0];
        for (size_t i = 0; i < WIDTH; i++) {
            h[i] = fmax(0, w1[i] * x + b1[i]);
        }
        for (size_t i = 0; i < WIDTH; i++) {
            double z = b2[i];
            for (size_t j = 0; j < WIDTH; j++) {
                z += w2[i * WIDTH + j] * h[j];
            }
            y += w3[i] * fmax(0, z);
        }
        worst = fmax(worst, fabs(y * x - 1));
    }
    assert_true(worst < bound * 1.01 + 1e-4);
    assert_true(worst > bound / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chebyshev_converges),
        cmocka_unit_test(test_reciprocal_net),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
