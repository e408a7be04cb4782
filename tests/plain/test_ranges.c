#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "nn/encoder.h"
#include "plain/plain.h"
#include "plain/ranges.h"
#include "plain/small_model.h"

static const model_shape shape = {.dim = 24,
                                  .n_layers = 2,
                                  .n_heads = 3,
                                  .ff = 40,
                                  .vocab = 10,
                                  .max_positions = 50,
                                  .n_labels = 2};

enum { ROWS = 30 };
static const size_t starts[] = {0, 11, ROWS};

static void run(float *out, const small_model *s, const float *x, size_t threads, isa level,
                range_recorder *r)
{
    pool *p;
    engine *e;
    const plain_options o = {.isa = level, .ranges = r};
    const embedded in = {.rows = ROWS, .dim = shape.dim, .seqs = {.n = 2, .start = starts}, .x = x};
    assert_int_equal(pool_new(&p, threads, NULL), OK);
    assert_int_equal(plain_engine_new(&e, s->m, p, &o, NULL), OK);
    assert_int_equal(nn_encoder_forward(e, out, s->m, &in), OK);
    e->ops->free(e);
    pool_free(p);
}

static slot_range find(const range_recorder *r, const char *slot)
{
    for (size_t i = 0; i < range_recorder_count(r); i++) {
        const slot_range s = range_recorder_get(r, i);
        if (strcmp(s.slot, slot) == 0) {
            return s;
        }
    }
    fail_msg("no slot %s", slot);
    return (slot_range){0};
}

static float *make_input(void)
{
    float *x = mem_new(ROWS * shape.dim, sizeof *x);
    uint64_t seed = 5;
    for (size_t i = 0; i < ROWS * shape.dim; i++) {
        x[i] = small_random(&seed);
    }
    return x;
}

static void test_every_slot_is_there(void **state)
{
    (void)state;
    small_model s;
    small_model_init(&s, &shape);
    float *x = make_input(), out[4];
    range_recorder *r;
    assert_int_equal(range_recorder_new(&r, NULL), OK);
    run(out, &s, x, 2, ISA_REF, r);
    static const char *const layer[] = {"query/output",
                                        "key/output",
                                        "value/output",
                                        "attention/scores",
                                        "attention/sum",
                                        "attention/context",
                                        "output/output",
                                        "attention_norm/centred",
                                        "attention_norm/variance",
                                        "up/output",
                                        "activation/input",
                                        "down/output",
                                        "output_norm/centred",
                                        "output_norm/variance"};
    for (size_t i = 0; i < shape.n_layers; i++) {
        for (size_t j = 0; j < sizeof layer / sizeof *layer; j++) {
            char slot[64];
            snprintf(slot, sizeof slot, "layers.%zu.%s", i, layer[j]);
            const slot_range found = find(r, slot);
            assert_true(found.lo < found.hi);
        }
    }
    find(r, "embeddings.norm/centred");
    find(r, "head.dense/output");
    find(r, "head.activation/input");
    find(r, "head.out/output");
    assert_int_equal(range_recorder_count(r), 2 + shape.n_layers * 14 + 3);
    assert_string_equal(range_recorder_get(r, 0).slot, "embeddings.norm/centred");
    range_recorder_free(r);
    small_model_clear(&s);
    mem_free(x);
}

static void test_ranges_are_those_of_the_values(void **state)
{
    (void)state;
    small_model s;
    small_model_init(&s, &shape);
    float *x = make_input(), out[4];
    range_recorder *r;
    assert_int_equal(range_recorder_new(&r, NULL), OK);
    run(out, &s, x, 1, ISA_REF, r);

    double lo = INFINITY, hi = -INFINITY, least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < ROWS; i++) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < shape.dim; j++) {
            mean += (double)x[i * shape.dim + j] / (double)shape.dim;
        }
        for (size_t j = 0; j < shape.dim; j++) {
            const double c = (double)x[i * shape.dim + j] - mean;
            lo = fmin(lo, c);
            hi = fmax(hi, c);
            variance += c * c / (double)shape.dim;
        }
        least = fmin(least, variance);
        most = fmax(most, variance);
    }
    const slot_range centred = find(r, "embeddings.norm/centred");
    const slot_range variance = find(r, "embeddings.norm/variance");
    assert_true(fabs(centred.lo - lo) < 1e-12 && fabs(centred.hi - hi) < 1e-12);
    assert_true(fabs(variance.lo - least) < 1e-12 && fabs(variance.hi - most) < 1e-12);

    const slot_range logits = find(r, "head.out/output");
    assert_true(logits.lo ==
                fmin(fmin((double)out[0], (double)out[1]), fmin((double)out[2], (double)out[3])));
    assert_true(logits.hi ==
                fmax(fmax((double)out[0], (double)out[1]), fmax((double)out[2], (double)out[3])));

    /* exp(s - max)/n: at most 1, and at least the largest alone */
    const slot_range sum = find(r, "layers.0.attention/sum");
    assert_true(sum.lo >= 1.0 / 19 && sum.hi <= 1);
    const slot_range context = find(r, "layers.0.attention/context");
    const slot_range value_out = find(r, "layers.0.value/output");
    assert_true(context.lo >= value_out.lo && context.hi <= value_out.hi);
    const slot_range up = find(r, "layers.1.up/output"), act = find(r, "layers.1.activation/input");
    assert_true(up.lo == act.lo && up.hi == act.hi);
    range_recorder_free(r);
    small_model_clear(&s);
    mem_free(x);
}

static void test_recording_changes_nothing_and_is_the_same_for_any_threads(void **state)
{
    (void)state;
    small_model s;
    small_model_init(&s, &shape);
    float *x = make_input(), plain_out[4], out[4];
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        range_recorder *one, *many;
        assert_int_equal(range_recorder_new(&one, NULL), OK);
        run(plain_out, &s, x, 1, level, NULL);
        run(out, &s, x, 1, level, one);
        assert_memory_equal(out, plain_out, sizeof out);
        for (size_t threads = 2; threads <= 4; threads++) {
            assert_int_equal(range_recorder_new(&many, NULL), OK);
            run(out, &s, x, threads, level, many);
            run(out, &s, x, threads, level, many); /* the same again widens nothing */
            assert_int_equal(range_recorder_count(many), range_recorder_count(one));
            for (size_t i = 0; i < range_recorder_count(one); i++) {
                const slot_range a = range_recorder_get(one, i), b = range_recorder_get(many, i);
                assert_string_equal(a.slot, b.slot);
                assert_true(a.lo == b.lo && a.hi == b.hi);
            }
            range_recorder_free(many);
        }
        range_recorder_free(one);
    }
    small_model_clear(&s);
    mem_free(x);
}

static void test_slots_widen(void **state)
{
    (void)state;
    range_recorder *r;
    assert_int_equal(range_recorder_new(&r, NULL), OK);
    interval seen = interval_empty();
    assert_int_equal(range_recorder_widen(r, "a", "b", seen, NULL), OK);
    assert_int_equal(range_recorder_count(r), 0);
    interval_add(&seen, NAN);
    interval_add(&seen, 2);
    interval_add(&seen, -1);
    assert_int_equal(range_recorder_widen(r, "a", "bc", seen, NULL), OK);
    assert_int_equal(range_recorder_widen(r, "a/b", "c", seen, NULL), OK);
    seen = interval_empty();
    interval_add(&seen, 5);
    assert_int_equal(range_recorder_widen(r, "a", "bc", seen, NULL), OK);
    assert_int_equal(range_recorder_count(r), 2);
    assert_string_equal(range_recorder_get(r, 0).slot, "a/bc");
    assert_true(range_recorder_get(r, 0).lo == -1 && range_recorder_get(r, 0).hi == 5);
    assert_string_equal(range_recorder_get(r, 1).slot, "a/b/c");
    range_recorder_free(r);
    range_recorder_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_slot_is_there),
        cmocka_unit_test(test_ranges_are_those_of_the_values),
        cmocka_unit_test(test_recording_changes_nothing_and_is_the_same_for_any_threads),
        cmocka_unit_test(test_slots_widen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
