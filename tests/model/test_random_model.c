#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "model/random_model.h"
#include "support/scratch.h"

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

static void assert_same_linear(const linear *a, const linear *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->weight->count, b->weight->count);
    assert_memory_equal(a->weight->data, b->weight->data, a->weight->count * sizeof(float));
    assert_memory_equal(a->bias, b->bias, a->out * sizeof(float));
}

static void assert_same_norm(const norm *a, const norm *b)
{
    assert_true(a->eps == b->eps);
    assert_memory_equal(a->gamma, b->gamma, a->dim * sizeof(float));
    assert_memory_equal(a->beta, b->beta, a->dim * sizeof(float));
}

static void test_written_and_opened_it_is_the_same(void **state)
{
    (void)state;
    const model_shape small = {8, 2, 2, 12, 20, 10, 3};
    model *a, *b;
    error err = {0};
    char *dir = scratch_new(), *path = scratch_path(dir, "model");
    assert_int_equal(model_random(&a, &small, 5, NULL), OK);
    assert_int_equal(model_random_write(a, path, &err), OK);
    if (model_open(&b, path, &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(a->n_parameters, b->n_parameters);
    assert_int_equal(a->n_linears, b->n_linears);
    assert_int_equal(a->n_ops, b->n_ops);
    assert_int_equal(a->max_tokens, b->max_tokens);
    assert_string_equal(b->recipe.name, "exact");
    assert_string_equal(b->head.labels[2], "LABEL_2");
    const tensor *const tables[][2] = {{a->embeddings.word, b->embeddings.word},
                                       {a->embeddings.position, b->embeddings.position},
                                       {a->embeddings.type, b->embeddings.type}};
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(tables[i][0]->data, tables[i][1]->data,
                            tables[i][0]->count * sizeof(float));
    }
    assert_same_norm(&a->embeddings.norm, &b->embeddings.norm);
    for (size_t i = 0; i < a->n_layers; i++) {
        const encoder_layer *x = &a->layers[i], *y = &b->layers[i];
        assert_same_linear(&x->query, &y->query);
        assert_same_linear(&x->key, &y->key);
        assert_same_linear(&x->value, &y->value);
        assert_same_linear(&x->output, &y->output);
        assert_same_linear(&x->up, &y->up);
        assert_same_linear(&x->down, &y->down);
        assert_same_norm(&x->attention_norm, &y->attention_norm);
        assert_same_norm(&x->output_norm, &y->output_norm);
        assert_true(x->attention.scale == y->attention.scale);
    }
    assert_same_linear(&a->head.dense, &b->head.dense);
    assert_same_linear(&a->head.out, &b->head.out);
    assert_int_equal(model_random_write(a, path, &err), ERR_USAGE); /* it is there already */
    model_free(a);
    model_free(b);
    free(path);
    scratch_remove(dir);
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
        cmocka_unit_test(test_written_and_opened_it_is_the_same),
        cmocka_unit_test(test_shapes_without_meaning_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
