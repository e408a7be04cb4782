#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/metrics.h"

/* Expected values by scikit-learn and scipy on the same lists. */
static void test_classification(void **state)
{
    (void)state;
    const size_t predicted[] = {1, 1, 0, 1, 0, 0, 1, 0, 1, 1};
    const size_t expected[] = {1, 0, 0, 1, 1, 0, 1, 0, 0, 1};
    counts c = {0};
    for (size_t i = 0; i < 10; i++) {
        counts_add(&c, predicted[i], expected[i]);
    }
    assert_float_equal(counts_accuracy(&c), 0.7, 1e-12);
    assert_float_equal(counts_f1(&c), 8.0 / 11, 1e-12);
    assert_float_equal(counts_matthews(&c), 0.40824829046386296, 1e-12);
}

static void test_nothing_to_count(void **state)
{
    (void)state;
    counts c = {0};
    assert_float_equal(counts_accuracy(&c), 0, 0);
    assert_float_equal(counts_f1(&c), 0, 0);
    counts_add(&c, 0, 0);
    assert_float_equal(counts_matthews(&c), 0, 0);
}

static void test_correlation(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 1, 4, 3, 7};
    const double same[] = {3, 3, 3, 3, 3};
    assert_float_equal(metrics_pearson(x, y, 5), 0.82416338369213403, 1e-12);
    assert_float_equal(metrics_pearson(x, same, 5), 0, 0);
}

static void test_ranks_share_ties(void **state)
{
    (void)state;
    const double x[] = {10, 20, 10, 5, 20, 20};
    const double expected[] = {1.5, 4, 1.5, 0, 4, 4};
    double rank[6];
    size_t order[6];
    metrics_ranks(rank, order, x, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_float_equal(rank[i], expected[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classification),
        cmocka_unit_test(test_nothing_to_count),
        cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_ranks_share_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
