/* A model directory is opened, packed and run where memory, files and threads fail. */
#include "fault/exhaust.h"

#include "base/mem.h"
#include "model/copy.h"
#include "model/random_model.h"
#include "plain/plain.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

typedef struct {
    const char *dir;
    fixture_batch batch;
    float *first; /* what the first run gave; later ones give the same, bit for bit, or fail */
    bool known;
} task;

static status run_engine(engine *e, const model *m, task *t, error *err)
{
    const fixture_batch *b = &t->batch;
    const size_t rows = b->start[b->tokens.seqs.n], bytes = b->rows * b->columns * sizeof(float);
    float *x = mem_new(rows * m->dim, sizeof *x), *out = mem_new(bytes, 1);
    status st = x && out ? OK : error_memory(err);
    if (st == OK) {
        st = nn_embed(x, m, &b->tokens, err);
    }
    if (st == OK) {
        const embedded input = {.rows = rows, .dim = m->dim, .seqs = b->tokens.seqs, .x = x};
        e->err = err;
        st = nn_encoder_forward(e, out, m, &input);
    }
    if (st == OK && t->known && memcmp(out, t->first, bytes) != 0) {
        st = error_set(err, ERR_INTERNAL, "another answer than before");
    }
    if (st == OK && !t->known) {
        memcpy(t->first, out, bytes);
        t->known = true;
    }
    mem_free(x);
    mem_free(out);
    return st;
}

static status open_and_run(void *ctx, error *err)
{
    task *t = ctx;
    pool *p = NULL;
    model *m = NULL;
    engine *e = NULL;
    status st = pool_new(&p, 2, err);
    if (st == OK) {
        st = model_open(&m, t->dir, err);
    }
    if (st == OK) {
        st = plain_engine_new(&e, m, p, &(plain_options){.isa = cpu_best()}, err);
    }
    if (st == OK) {
        st = run_engine(e, m, t, err);
    }
    if (e) {
        e->ops->free(e);
    }
    model_free(m);
    pool_free(p);
    return st;
}

static void exhaust_fixture(const char *name)
{
    char *dir = model_fixture_dir(name);
    json_t *doc = model_fixture_read(name);
    model *m;
    assert_int_equal(model_open(&m, dir, NULL), OK);
    task t = {.dir = dir};
    fixture_batch_read(&t.batch, json_array_get(json_object_get(doc, "cases"), 0), m);
    t.first = calloc(t.batch.rows * t.batch.columns, sizeof *t.first);
    model_free(m);
    json_decref(doc);

    print_message("%s\n", name);
    for (int from = 0; from < 2; from++) {
        exhaust(open_and_run, &t, FAULT_MEMORY, from);
        exhaust(open_and_run, &t, FAULT_FILES, from);
        exhaust(open_and_run, &t, FAULT_THREADS, from);
    }
    free(t.first);
    fixture_batch_clear(&t.batch);
    free(dir);
}

/* Each takes a way of its own through the directory: shards, half precision, a recipe's tensors,
 * a family's names, sentence-transformers' modules. */
static void test_every_failure_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-shards",  "bert-f16",         "recipe-thex",
                                        "recipe-poly",  "roberta-sequence", "distilbert-token",
                                        "sentence-mean"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        exhaust_fixture(names[i]);
    }
}

/* Made, written, opened again: whole, or told and nothing left. */
static status make_and_write(void *ctx, error *err)
{
    static const model_shape small = {8, 1, 2, 12, 20, 10, 3};
    const char *dir = ctx;
    model *made = NULL, *opened = NULL;
    copy_abandon(dir); /* where removing it was what failed before */
    copy_abandon(dir);
    status st = model_random(&made, &small, 5, err);
    if (st == OK) {
        st = model_random_write(made, dir, err);
    }
    if (st == OK) {
        st = model_open(&opened, dir, err);
    }
    model_free(made);
    model_free(opened);
    copy_abandon(dir);
    copy_abandon(dir);
    return st;
}

static void test_writing_random_weights(void **state)
{
    (void)state;
    char *parent = scratch_new(), *dir = scratch_path(parent, "model");
    exhaust(make_and_write, dir, FAULT_MEMORY, false);
    exhaust(make_and_write, dir, FAULT_MEMORY, true);
    exhaust(make_and_write, dir, FAULT_FILES, false);
    exhaust(make_and_write, dir, FAULT_FILES, true);
    free(dir);
    scratch_remove(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
        cmocka_unit_test(test_writing_random_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
