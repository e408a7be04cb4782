/* Fits, and gates on the walk that counts, where memory fails. */
#include "fault/exhaust.h"

#include "mpc/attend.h"
#include "mpc/fit.h"

static status fit(void *ctx, error *err)
{
    return mpc_fit(ctx, MPC_GELU, -4, 4, 1e-2, &(mpc_fit_limits){.dealt_frac = 16}, err);
}

static status fit_period(void *ctx, error *err)
{
    return mpc_fit_period(ctx, MPC_TANH, -4, 4, 16, 5, 2, 16, err);
}

/* Maxima of rows, and what is compared on the way. */
static status maxima(mpc *p)
{
    static const size_t start[] = {0, 3, 8};
    static const sequences seqs = {.n = 2, .start = start};
    const mpc_heads h = {.seqs = &seqs, .heads = 2};
    wire *x = wire_new(p, mpc_scores_count(&h), 12, 3), *y;
    if (!x) {
        return ERR_RESOURCE;
    }
    const status st = mpc_row_maxima(p, &y, x, &h);
    wire_drop(p, x);
    if (st == OK) {
        wire_drop(p, y);
    }
    return st;
}

static status root(mpc *p)
{
    wire *x = wire_new(p, 4, 30, 20), *seed = wire_new(p, 4, 20, 9), *y;
    const opening o[] = {{.x = x, .width = 30, .grow = 64}, {.x = seed, .width = 20, .grow = 64}};
    status st = x && seed ? mpc_open(p, o, 2) : ERR_RESOURCE;
    if (st == OK) {
        st = mpc_refine_root(p, &y, x, seed, 768);
    }
    if (st == OK) {
        wire_drop(p, y);
    }
    wire_drop(p, x);
    wire_drop(p, seed);
    return st;
}

static status gates(void *ctx, error *err)
{
    (void)ctx;
    mpc p = {.phase = MPC_PLAN, .err = err};
    TRY(buffers_new(&p.buffers, err));
    status st = maxima(&p);
    if (st == OK) {
        st = root(&p);
    }
    buffers_free(p.buffers);
    return st;
}

static void test_every_failure_is_told(void **state)
{
    (void)state;
    static mpc_series s;
    exhaust(fit, &s, FAULT_MEMORY, false);
    exhaust(fit, &s, FAULT_MEMORY, true);
    exhaust(fit_period, &s, FAULT_MEMORY, false);
    exhaust(gates, NULL, FAULT_MEMORY, false);
    exhaust(gates, NULL, FAULT_MEMORY, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
