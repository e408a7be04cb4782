/* Look-ups of a plan: shared where they are the same, and as close as was asked for. */
#include <math.h>

#include "base/mem.h"
#include "mpc/plan_functions.h"
#include "test.h"

static size_t ask(mpc_plan *p, mpc_wish o)
{
    size_t at = 0;
    error err = {0};
    if (mpc_plan_function(p, &at, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return at;
}

static void test_shares(void **state)
{
    (void)state;
    mpc_plan *p = mem_new(1, sizeof *p);
    const mpc_wish gelu = {MPC_GELU, -6, 6, 18, 0};
    assert_int_equal(ask(p, gelu), 0);
    assert_int_equal(ask(p, (mpc_wish){MPC_TANH, -6, 6, 18, 0}), 1);
    assert_int_equal(ask(p, (mpc_wish){MPC_GELU, -6, 6, 20, 0}), 2);
    assert_int_equal(ask(p, gelu), 0);
    assert_int_equal(p->n_functions, 3);
    mpc_plan_free(p);
}

static void test_exponentials(void **state)
{
    (void)state;
    mpc_plan *p = mem_new(1, sizeof *p);
    const size_t any = ask(p, (mpc_wish){MPC_EXP, -12, 0, 0, INFINITY});
    assert_true(p->functions[any].series.max_error <= 3e-5);
    assert_int_equal(ask(p, (mpc_wish){MPC_EXP, -12, 0, 0, 1e-3}), any);
    const size_t close = ask(p, (mpc_wish){MPC_EXP, -12, 0, 0, 6e-6});
    assert_int_not_equal(close, any);
    assert_true(p->functions[close].series.max_error <= 6e-6);
    assert_true(p->functions[close].widths.noise <= 3e-6);
    const size_t closest = ask(p, (mpc_wish){MPC_EXP, -12, 0, 0, 1e-12});
    assert_true(p->functions[closest].series.max_error <= 1e-6);
    assert_int_equal(ask(p, (mpc_wish){MPC_EXP, -12, 0, 0, 1e-12}), closest);
    for (size_t i = 0; i < p->n_functions; i++) { /* a step of 1.25e-4 or finer, not half of it */
        const double step = ldexp(p->functions[i].series.period, -(int)p->functions[i].period_bits);
        assert_true(step <= 1.25e-4 && step > 0.62e-4);
    }
    mpc_plan_free(p);
}

static void test_too_wide(void **state)
{
    (void)state;
    mpc_plan *p = mem_new(1, sizeof *p);
    size_t at;
    error err = {0};
    assert_int_equal(mpc_plan_function(p, &at, &(mpc_wish){MPC_GELU, -60000, 60000, 18, 0}, &err),
                     ERR_PRECISION);
    assert_int_equal(p->n_functions, 0);
    mpc_plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_exponentials),
        cmocka_unit_test(test_too_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
