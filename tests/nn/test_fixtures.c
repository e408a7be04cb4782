/* Every model directory of the fixtures through the forward pass on the plain engine, against what
 * PyTorch computed in float64 for it: single texts, padded batches, pairs, masks with holes, on
 * each instruction set that the machine has. */
#include "test.h"

#include <math.h>

#include "plain/plain.h"
#include "support/model_fixture.h"

/* What fp32 may lose against float64, relative to the largest output of a batch. */
static const double BOUND = 1e-5;

typedef struct {
    const char *fixture;
    isa isa;
    double worst; /* over all batches */
} run;

static void compare(run *r, const fixture_batch *b, const float *got)
{
    double scale = 1, diff = 0;
    for (size_t i = 0; i < b->rows * b->columns; i++) {
        scale = fmax(scale, fabs(b->expected[i]));
        diff = fmax(diff, fabs(b->expected[i] - (double)got[i]));
    }
    if (!(diff <= BOUND * scale)) {
        fail_msg("%s, %s, %s: off by %g, outputs up to %g", r->fixture, b->name,
                 cpu_isa_name(r->isa), diff, scale);
    }
    r->worst = fmax(r->worst, diff / scale);
}

static void run_case(run *r, engine *e, const model *m, const json_t *c)
{
    fixture_batch b;
    fixture_batch_read(&b, c, m);
    const size_t rows = b.start[b.tokens.seqs.n];
    float *x = calloc(rows * m->dim, sizeof *x), *out = calloc(b.rows * b.columns, sizeof *out);
    error err = {0};
    e->err = &err;
    const embedded input = {.rows = rows, .dim = m->dim, .seqs = b.tokens.seqs, .x = x};
    status st = nn_embed(x, m, &b.tokens, &err);
    if (st == OK) {
        st = nn_encoder_forward(e, out, m, &input);
    }
    if (st != OK) {
        fail_msg("%s, %s: %s", r->fixture, b.name, err.text);
    }
    compare(r, &b, out);
    free(x);
    free(out);
    fixture_batch_clear(&b);
}

static void run_fixture(run *r, const model *m, const json_t *doc, pool *p)
{
    const plain_options options = {.isa = r->isa};
    engine *e;
    error err = {0};
    if (plain_engine_new(&e, m, p, &options, &err) != OK) {
        fail_msg("%s: %s", r->fixture, err.text);
    }
    const json_t *cases = json_object_get(doc, "cases");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        run_case(r, e, m, json_array_get(cases, i));
    }
    e->ops->free(e);
}

static void test_fixtures_equal_pytorch(void **state)
{
    (void)state;
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    model_fixtures list;
    model_fixtures_list(&list);
    assert_true(list.n >= 30);
    for (size_t i = 0; i < list.n; i++) {
        char *dir = model_fixture_dir(list.names[i]);
        model *m;
        error err = {0};
        if (model_open(&m, dir, &err) != OK) {
            fail_msg("%s", err.text);
        }
        json_t *doc = model_fixture_read(list.names[i]);
        run r = {.fixture = list.names[i]};
        for (r.isa = ISA_REF; r.isa <= cpu_best(); r.isa++) {
            run_fixture(&r, m, doc, p);
        }
        printf("%-28s off by %.1e\n", r.fixture, r.worst);
        json_decref(doc);
        model_free(m);
        free(dir);
    }
    model_fixtures_clear(&list);
    pool_free(p);
}

/* What a recorder names, a recipe may hold a range of. */
static void test_recorded_slots_are_slots_of_the_model(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-sequence", "roberta-token", "distilbert-sequence",
                                        "sentence-mean", "recipe-thex",   "recipe-poly-layernorm"};
    pool *p;
    assert_int_equal(pool_new(&p, 1, NULL), OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *dir = model_fixture_dir(names[i]);
        model *m;
        range_recorder *ranges;
        engine *e;
        assert_int_equal(model_open(&m, dir, NULL), OK);
        assert_int_equal(range_recorder_new(&ranges, NULL), OK);
        const plain_options options = {.ranges = ranges};
        assert_int_equal(plain_engine_new(&e, m, p, &options, NULL), OK);
        json_t *doc = model_fixture_read(names[i]);
        run r = {.fixture = names[i]};
        run_case(&r, e, m, json_array_get(json_object_get(doc, "cases"), 0));
        assert_true(range_recorder_count(ranges) >= 10);
        for (size_t j = 0; j < range_recorder_count(ranges); j++) {
            const slot_range x = range_recorder_get(ranges, j);
            if (!model_has_slot(m, x.slot) || !(x.lo <= x.hi)) {
                fail_msg("%s: %s [%g, %g]", names[i], x.slot, x.lo, x.hi);
            }
        }
        json_decref(doc);
        e->ops->free(e);
        range_recorder_free(ranges);
        model_free(m);
        free(dir);
    }
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixtures_equal_pytorch),
        cmocka_unit_test(test_recorded_slots_are_slots_of_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
