/* 1,000 random circuits: each that the planner accepts decrypts to within what was planned. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

enum { CIRCUITS = 1000, STEPS = 12, INPUTS = 2, LOG_SLOTS = 4, SLOTS = 1 << LOG_SLOTS };

static const int64_t turns[] = {1, 3};

static size_t below(world *w, size_t n)
{
    return (size_t)((world_uniform(w) + 1) / 2 * (double)n) % n;
}

typedef struct {
    ckks_step step[STEPS];
    double re[STEPS][SLOTS], im[STEPS][SLOTS];
    double complex truth[STEPS][SLOTS];
} circuit;

static void random_step(world *w, circuit *k, size_t i)
{
    ckks_step *s = &k->step[i];
    *s = (ckks_step){.op = i < INPUTS ? CKKS_PLAN_INPUT
                                      : CKKS_PLAN_ADD + below(w, CKKS_PLAN_CONJUGATE),
                     .x = i ? below(w, i) : 0,
                     .y = i ? below(w, i) : 0,
                     .size = 1.5,
                     .constant = 2 * world_uniform(w),
                     .by = turns[below(w, 2)],
                     .re = k->re[i],
                     .im = k->im[i]};
    for (size_t j = 0; j < SLOTS; j++) {
        k->re[i][j] = world_uniform(w);
        k->im[i][j] = world_uniform(w);
    }
}

static double complex truth(const circuit *k, const ckks_step *s, size_t i, size_t j)
{
    const double complex known = k->re[i][j] + I * k->im[i][j];
    const double complex x = k->truth[s->x][j], y = k->truth[s->y][j];
    switch (s->op) {
    case CKKS_PLAN_INPUT:
        return known;
    case CKKS_PLAN_ADD:
        return x + y;
    case CKKS_PLAN_SUB:
        return x - y;
    case CKKS_PLAN_MULTIPLY:
        return x * y;
    case CKKS_PLAN_PLAIN:
        return x * known;
    case CKKS_PLAN_CONSTANT:
        return x * s->constant;
    case CKKS_PLAN_ADD_CONSTANT:
        return x + s->constant;
    case CKKS_PLAN_ROTATE:
        return k->truth[s->x][(j + (size_t)s->by) % SLOTS];
    default:
        return conj(x);
    }
}

/* Returns the smallest number of bits by which a value was better than planned. */
static double run(world *w, circuit *k, const ckks_planned *plan, size_t n)
{
    ckks_cipher value[STEPS], input[INPUTS];
    double spare = INFINITY;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < SLOTS; j++) {
            k->truth[i][j] = truth(k, &k->step[i], i, j);
            assert_true(cabs(k->truth[i][j]) <= plan[i].size * (1 + 1e-12));
        }
    }
    for (size_t i = 0; i < INPUTS; i++) {
        world_encrypt(w, &input[i], k->truth[i], LOG_SLOTS, plan[i].n_limbs);
    }
    world_ok(w, ckks_plan_run(&w->c, value, k->step, plan, n, LOG_SLOTS, input, &w->keys));
    for (size_t i = 0; i < n; i++) {
        const double off = world_error(w, &value[i], k->truth[i], LOG_SLOTS);
        assert_int_equal(value[i].n_limbs, plan[i].n_limbs);
        if (!(off <= plan[i].error)) {
            fail_msg("step %zu of %zu, kind %d: off by 2^%.1f, planned 2^%.1f", i, n, k->step[i].op,
                     log2(off), log2(plan[i].error));
        }
        spare = fmin(spare, log2(plan[i].error / off));
        ckks_cipher_clear(&value[i]);
    }
    for (size_t i = 0; i < INPUTS; i++) {
        ckks_cipher_clear(&input[i]);
    }
    return spare;
}

static void test_random_circuits(void **state)
{
    world w;
    const ckks_params p = world_params(7, 5, 40, 2);
    size_t accepted = 0, tried = 0;
    double spare = INFINITY;
    circuit *k = mem_new(1, sizeof *k);
    (void)state;
    assert_non_null(k);
    world_begin(&w, &p, turns, 2, true);
    for (; accepted < CIRCUITS && tried < 40 * CIRCUITS; tried++) {
        ckks_planned plan[STEPS];
        const size_t n = INPUTS + 1 + below(&w, STEPS - INPUTS);
        for (size_t i = 0; i < n; i++) {
            random_step(&w, k, i);
        }
        if (ckks_plan(w.ctx, plan, k->step, n, 0x1p-10, &w.err) == OK) {
            spare = fmin(spare, run(&w, k, plan, n));
            accepted++;
        }
    }
    print_message("%zu circuits of %zu accepted; at least %.1f bits better than planned\n",
                  accepted, tried, spare);
    assert_int_equal(accepted, CIRCUITS);
    mem_free(k);
    world_end(&w);
}

static void test_what_is_refused(void **state)
{
    world w;
    const ckks_params p = world_params(5, 2, 40, 1);
    ckks_planned plan[4];
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    const ckks_step late[] = {{.op = CKKS_PLAN_ADD, .x = 0, .y = 1}};
    assert_int_equal(ckks_plan(w.ctx, plan, late, 1, 1, &w.err), ERR_USAGE);
    assert_error(w.err, ERR_USAGE, "step 0", "later");
    const ckks_step deep[] = {{.op = CKKS_PLAN_INPUT, .size = 1},
                              {.op = CKKS_PLAN_MULTIPLY},
                              {.op = CKKS_PLAN_MULTIPLY, .x = 1, .y = 1}};
    assert_int_equal(ckks_plan(w.ctx, plan, deep, 2, 1e-5, &w.err), OK);
    assert_int_equal(ckks_plan(w.ctx, plan, deep, 3, 1, &w.err), ERR_USAGE);
    assert_error(w.err, ERR_USAGE, "step 2", "no limb left");
    assert_int_equal(ckks_plan(w.ctx, plan, deep, 2, 1e-12, &w.err), ERR_PRECISION);
    const ckks_step wide[] = {{.op = CKKS_PLAN_INPUT, .size = 600, .n_limbs = 1}};
    assert_int_equal(ckks_plan(w.ctx, plan, wide, 1, 1, &w.err), ERR_PRECISION);
    assert_error(w.err, ERR_PRECISION, "step 0", "bits");
    const ckks_step many[] = {{.op = CKKS_PLAN_INPUT, .size = 1, .n_limbs = 3}};
    assert_int_equal(ckks_plan(w.ctx, plan, many, 1, 1, &w.err), ERR_USAGE);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_circuits),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
