/* The calibrating engine sees what the real one computes: its statistics against those worked out
 * by hand on a model of one layer. */
#include <math.h>

#include "api/calibrate.h"
#include "api/observe.h"
#include "base/mem.h"
#include "model/random_model.h"
#include "test.h"

static void test_median(void **state)
{
    (void)state;
    samples s = {0};
    assert_float_equal(samples_median(&s), 0, 0);
    const double x[] = {3, 1, 2, 10};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(samples_add(&s, x[i]), OK);
    }
    assert_float_equal(samples_median(&s), 2, 0);
    assert_int_equal(samples_add(&s, x[3]), OK);
    assert_float_equal(samples_median(&s), 2.5, 0);
    samples_clear(&s);
}

static const slot_range *find(const range_recorder *r, const char *slot)
{
    static slot_range found;
    for (size_t i = 0; i < range_recorder_count(r); i++) {
        found = range_recorder_get(r, i);
        if (strcmp(found.slot, slot) == 0) {
            return &found;
        }
    }
    fail_msg("no slot %s", slot);
    return NULL;
}

/* What the engine records of the scores and what the calibration sees of them are two
 * computations of the same numbers. */
static void test_agrees_with_the_recorder(void **state)
{
    (void)state;
    const model_shape shape = {16, 2, 4, 32, 50, 20, 2};
    const uint32_t ids[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const tacit_batch batch = {.n = 2, .width = 5, .ids = ids};
    model *m = NULL;
    range_recorder *ranges = NULL;
    calibration c;
    tacit_session *s = NULL;
    tacit_result *r = NULL;
    packed p;
    error err = {0};
    assert_int_equal(model_random(&m, &shape, 7, &err), OK);
    assert_int_equal(range_recorder_new(&ranges, &err), OK);
    assert_int_equal(calibration_init(&c, m, 5, 1, &err), OK);
    assert_int_equal(observer_new(&s, m, ranges, &c, &err), OK);
    assert_int_equal(packed_from_batch(&p, m, &batch, &err), OK);
    assert_int_equal(session_run(s, &r, &p, &err), OK);

    const attention_stats *st = &c.attentions[m->layers[1].attention.id];
    const slot_range *scores = find(ranges, "layers.1.attention/scores");
    assert_true(fabs(st->lo - scores->lo) < 1e-5);
    assert_true(fabs(st->hi - scores->hi) < 1e-5);
    for (size_t h = 0; h < 4; h++) {
        assert_int_equal(st->quad_sum[h].n, 10);
        /* scores of a fresh model are near zero: (0 + 5)² over each of n keys, divided by n */
        assert_true(
            fabs(samples_median(&c.attentions[m->layers[1].attention.id].quad_sum[h]) - 25) < 1);
        assert_true(st->max[h] <= st->hi);
    }
    const norm_stats *n = &c.norms[m->embeddings.norm.id];
    assert_float_equal(n->rows, 10, 0);
    const slot_range *variance = find(ranges, "embeddings.norm/variance");
    const double deviation = n->sum_deviation / n->rows;
    assert_true(deviation * deviation >= variance->lo && deviation * deviation <= variance->hi);

    tacit_result_free(r);
    session_free(s);
    calibration_clear(&c);
    range_recorder_free(ranges);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_median),
        cmocka_unit_test(test_agrees_with_the_recorder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
