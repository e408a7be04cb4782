/* A fit where memory fails. */
#include "fault/exhaust.h"

#include "mpc/fit.h"

static status fit(void *ctx, error *err)
{
    return mpc_fit(ctx, MPC_GELU, -4, 4, 1e-2, &(mpc_fit_limits){.dealt_frac = 16}, err);
}

static status fit_period(void *ctx, error *err)
{
    return mpc_fit_period(ctx, MPC_TANH, -4, 4, 16, 5, 2, 16, err);
}

static void test_every_failure_is_told(void **state)
{
    (void)state;
    static mpc_series s;
    exhaust(fit, &s, FAULT_MEMORY, false);
    exhaust(fit, &s, FAULT_MEMORY, true);
    exhaust(fit_period, &s, FAULT_MEMORY, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
