/* Every form that mpc has a protocol for, on small models of every family: against the plain
 * engine. */
#include <math.h>

#include "base/mem.h"
#include "party/mpc_local.h"
#include "plain/plain.h"
#include "support/model_fixture.h"
#include "test.h"

typedef struct {
    model *m;
    pool *pool;
    range_recorder *seen;
    slot_range *ranges;
    const slot_range *had;
    size_t n_had;
} fixture;

static engine *plain_engine(fixture *f, range_recorder *r)
{
    engine *e = NULL;
    error err = {0};
    plain_options o = {.precision = PLAIN_F32, .ranges = r};
    if (cpu_pick(&o.isa, &err) != OK || plain_engine_new(&e, f->m, f->pool, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return e;
}

static void forward(engine *e, float *out, const model *m, const fixture_batch *b)
{
    error err = {0};
    const size_t rows = b->tokens.seqs.start[b->tokens.seqs.n];
    float *x = calloc(rows * m->dim, sizeof *x);
    e->err = &err;
    const embedded in = {.rows = rows, .dim = m->dim, .seqs = b->tokens.seqs, .x = x};
    if (nn_embed(x, m, &b->tokens, &err) != OK || nn_encoder_forward(e, out, m, &in) != OK) {
        fail_msg("%s", err.text);
    }
    free(x);
}

/* The model with the ranges that these texts have. */
static void calibrate(fixture *f, const fixture_batch *b, float *out)
{
    assert_int_equal(range_recorder_new(&f->seen, NULL), OK);
    engine *e = plain_engine(f, f->seen);
    forward(e, out, f->m, b);
    e->ops->free(e);
    const size_t n = range_recorder_count(f->seen);
    f->ranges = calloc(n, sizeof *f->ranges);
    for (size_t i = 0; i < n; i++) {
        f->ranges[i] = range_recorder_get(f->seen, i);
    }
    for (size_t i = 1; i < n; i++) { /* sorted by slot, as recipes have them */
        for (size_t j = i; j > 0 && strcmp(f->ranges[j].slot, f->ranges[j - 1].slot) < 0; j--) {
            const slot_range r = f->ranges[j];
            f->ranges[j] = f->ranges[j - 1];
            f->ranges[j - 1] = r;
        }
    }
    f->had = f->m->recipe.ranges;
    f->n_had = f->m->recipe.n_ranges;
    f->m->recipe.ranges = f->ranges;
    f->m->recipe.n_ranges = n;
}

static void compare(fixture *f, const fixture_batch *b, const float *expected, double bound)
{
    const size_t rows = b->tokens.seqs.start[b->tokens.seqs.n];
    const size_t n = b->rows * b->columns;
    error err = {0};
    mpc_local *parties = NULL;
    const mpc_local_options o = {.threads = 1};
    float *x = calloc(rows * f->m->dim, sizeof *x), *got = calloc(n, sizeof *got);
    assert_int_equal(nn_embed(x, f->m, &b->tokens, &err), OK);
    const embedded in = {.rows = rows, .dim = f->m->dim, .seqs = b->tokens.seqs, .x = x};
    if (mpc_local_new(&parties, f->m, &o, &err) != OK ||
        mpc_local_forward(parties, got, &in, &err) != OK) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < n; i++) {
        const double size = fmax(1, fabs((double)expected[i]));
        if (!(fabs((double)(got[i] - expected[i])) < bound * size)) {
            fail_msg("%s, number %zu: %g, must be %g", f->m->dir, i, (double)got[i],
                     (double)expected[i]);
        }
    }
    mpc_local_free(parties);
    free(got);
    free(x);
}

/* As if some text had shown scores that much larger. */
static void widen_scores(fixture *f, double by)
{
    for (size_t i = 0; i < f->m->recipe.n_ranges; i++) {
        if (strstr(f->ranges[i].slot, "attention/scores")) {
            f->ranges[i].hi += by;
        }
    }
}

static void check_wide(const char *name, double bound, double wider)
{
    fixture f = {0};
    error err = {0};
    char *dir = model_fixture_dir(name);
    json_t *file = model_fixture_read(name);
    fixture_batch b;
    if (model_open(&f.m, dir, &err) != OK || pool_new(&f.pool, 1, &err) != OK) {
        fail_msg("%s", err.text);
    }
    fixture_batch_read(&b, json_array_get(json_object_get(file, "cases"), 0), f.m);
    float *expected = calloc(b.rows * b.columns, sizeof *expected);
    calibrate(&f, &b, expected);
    widen_scores(&f, wider);
    compare(&f, &b, expected, bound);
    f.m->recipe.ranges = f.had;
    f.m->recipe.n_ranges = f.n_had;
    range_recorder_free(f.seen);
    free(f.ranges);
    free(expected);
    fixture_batch_clear(&b);
    pool_free(f.pool);
    model_free(f.m);
    json_decref(file);
    free(dir);
}

static void check(const char *name, double bound)
{
    check_wide(name, bound, 0);
}

static void test_exact(void **state)
{
    (void)state;
    check("bert-sequence", 8e-3);
    check("bert-token", 8e-3);
    check("roberta-sequence", 8e-3);
}

/* ReLU between the linear maps of the head. */
static void test_relu(void **state)
{
    (void)state;
    check("distilbert-sequence", 8e-3);
}

static void test_embeddings(void **state)
{
    (void)state;
    check("sentence-mean", 8e-3);
    check("sentence-cls", 8e-3);
}

static void test_recipes(void **state)
{
    (void)state;
    check("recipe-secformer", 1e-2);
    check("recipe-freediv", 1e-2);
    check("recipe-freediv-2quad-kappa", 1e-2);
}

/* Each weight e^(s - hi) is then e^10 times smaller, beside a look-up whose largest value is 1. */
static void test_small_weights(void **state)
{
    (void)state;
    check_wide("recipe-freediv", 2.5e-2, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),         cmocka_unit_test(test_relu),
        cmocka_unit_test(test_embeddings),    cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_small_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
