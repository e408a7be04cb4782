#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "model/random_model.h"

static void test_it_is_what_was_asked_for(void **state)
{
    (void)state;
    const model_shape *s = model_shape_find("bert-tiny");
    model *m;
    assert_int_equal(model_random(&m, s, 1, NULL), OK);
    assert_int_equal(m->dim, 128);
    assert_int_equal(m->n_linears, 2 * 6 + 2);
    assert_int_equal(m->n_ops, 1 + 2 * 4 + 1);
    assert_int_equal(m->n_parameters, 4386178); /* BertForSequenceClassification of that shape */
    assert_string_equal(m->layers[1].down.name, "layers.1.down");
    assert_int_equal(m->layers[1].down.id, 11);
    assert_int_equal(m->layers[1].down.in, 512);
    assert_int_equal(m->layers[1].attention.head_dim, 64);
    assert_true(m->layers[0].attention.scale == 0.125f);
    assert_string_equal(m->head.activation.name, "head.activation");
    model_free(m);
}

static void test_weights_are_like_those_of_a_fresh_model(void **state)
{
    (void)state;
    model *m;
    assert_int_equal(model_random(&m, model_shape_find("bert-tiny"), 1, NULL), OK);
    const tensor *t = m->embeddings.word;
    const float *x = t->data;
    double sum = 0, squares = 0, most = 0;
    for (size_t i = 0; i < t->count; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
        most = fmax(most, fabs((double)x[i]));
    }
    const double n = (double)t->count;
    assert_true(fabs(sum / n) < 1e-4);
    assert_true(fabs(sqrt(squares / n) - 0.02) < 1e-4);
    assert_true(most < 0.08);
    model_free(m);
}

static void test_a_seed_is_one_model(void **state)
{
    (void)state;
    const model_shape small = {8, 1, 2, 12, 20, 10, 3};
    model *a, *b, *c;
    assert_int_equal(model_random(&a, &small, 5, NULL), OK);
    assert_int_equal(model_random(&b, &small, 5, NULL), OK);
    assert_int_equal(model_random(&c, &small, 6, NULL), OK);
    const tensor *x = a->layers[0].up.weight, *y = b->layers[0].up.weight;
    assert_memory_equal(x->data, y->data, x->count * sizeof(float));
    assert_memory_not_equal(x->data, c->layers[0].up.weight->data, x->count * sizeof(float));
    assert_memory_not_equal(x->data, a->layers[0].down.weight->data, x->count * sizeof(float));
    model_free(a);
    model_free(b);
    model_free(c);
}

static void test_shapes_without_meaning_are_refused(void **state)
{
    (void)state;
    const model_shape good = {8, 1, 2, 12, 20, 10, 3};
    model *m;
    error err = {0};
    model_shape bad = good;
    bad.n_heads = 3;
    assert_int_equal(model_random(&m, &bad, 1, &err), ERR_USAGE);
    assert_non_null(strstr(err.text, "3 heads"));
    bad = good;
    bad.vocab = 0;
    assert_int_equal(model_random(&m, &bad, 1, &err), ERR_USAGE);
    bad = good;
    bad.vocab = SIZE_MAX / 4;
    assert_int_equal(model_random(&m, &bad, 1, &err), ERR_RESOURCE);
    assert_null(m);
    assert_null(model_shape_find("bert-huge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_what_was_asked_for),
        cmocka_unit_test(test_weights_are_like_those_of_a_fresh_model),
        cmocka_unit_test(test_a_seed_is_one_model),
        cmocka_unit_test(test_shapes_without_meaning_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
