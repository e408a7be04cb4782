/* A random model is made and run, in both precisions and with a recorder, where memory and
 * threads fail. */
#include "fault/exhaust.h"

#include "base/mem.h"
#include "model/random_model.h"
#include "nn/encoder.h"
#include "plain/plain.h"

static const model_shape shape = {.dim = 24,
                                  .n_layers = 2,
                                  .n_heads = 2,
                                  .ff = 40,
                                  .vocab = 30,
                                  .max_positions = 40,
                                  .n_labels = 2};

enum { ROWS = 24 };

typedef struct {
    plain_precision precision;
    float first[2][2]; /* logits of the first run */
    bool known;
} task;

static status infer(engine *e, const model *m, task *t, error *err)
{
    static const size_t start[] = {0, 7, ROWS};
    float x[ROWS * 24], out[2][2];
    for (size_t i = 0; i < ROWS * 24; i++) {
        x[i] = (float)(i * 7 % 11) - 5;
    }
    const embedded input = {.rows = ROWS, .dim = 24, .seqs = {.n = 2, .start = start}, .x = x};
    e->err = err;
    TRY(nn_encoder_forward(e, out[0], m, &input));
    if (t->known && memcmp(out, t->first, sizeof out) != 0) {
        return error_set(err, ERR_INTERNAL, "another answer than before");
    }
    memcpy(t->first, out, sizeof out);
    t->known = true;
    return OK;
}

/* Twice, since values are reused from the second run on. */
static status make_and_run(void *ctx, error *err)
{
    task *t = ctx;
    pool *p = NULL;
    model *m = NULL;
    engine *e = NULL;
    plain_options o = {.isa = cpu_best(), .precision = t->precision};
    status st = pool_new(&p, 2, err);
    if (st == OK) {
        st = model_random(&m, &shape, 3, err);
    }
    if (st == OK) {
        st = range_recorder_new(&o.ranges, err);
    }
    if (st == OK) {
        st = plain_engine_new(&e, m, p, &o, err);
    }
    for (int i = 0; st == OK && i < 2; i++) {
        st = infer(e, m, t, err);
    }
    if (e) {
        e->ops->free(e);
    }
    range_recorder_free(o.ranges);
    model_free(m);
    pool_free(p);
    return st;
}

static void test_make_and_run(void **state)
{
    (void)state;
    for (int precision = PLAIN_F32; precision <= PLAIN_BF16; precision++) {
        task t = {.precision = (plain_precision)precision};
        for (int from = 0; from < 2; from++) {
            exhaust(make_and_run, &t, FAULT_MEMORY, from);
            exhaust(make_and_run, &t, FAULT_THREADS, from);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make_and_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
