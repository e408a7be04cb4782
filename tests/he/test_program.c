#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "he/clear.h"
#include "he/small_poly.h"
#include "he/states.h"
#include "nn/encoder.h"
#include "plain/plain.h"

/* The model that ships, and tokens of no meaning. */
static model *open_model(const char *dir)
{
    model *m;
    error err = {0};
    if (model_open(&m, dir, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

static float *embed(const model *m, size_t n)
{
    uint32_t *ids = mem_new(3 * n, sizeof *ids), *at = ids + n;
    float *x = mem_new(n * m->dim, sizeof *x);
    const size_t start[2] = {0, n};
    for (size_t i = 0; i < n; i++) {
        ids[i] = i == 0 ? 101 : i + 1 == n ? 102 : (uint32_t)(1996 + 7919 * i % 8000);
    }
    nn_positions(at, m, ids, n);
    const tokens t = {.seqs = {1, start}, .ids = ids, .positions = at, .types = ids + 2 * n};
    assert_int_equal(nn_embed(x, m, &t, NULL), OK);
    mem_free(ids);
    return x;
}

static void plain(float *out, const model *m, const float *x, size_t n)
{
    engine *e;
    pool *p;
    error err = {0};
    const plain_options o = {.isa = ISA_REF};
    const size_t start[2] = {0, n};
    const embedded in = {.rows = n, .dim = m->dim, .seqs = {1, start}, .x = x};
    assert_int_equal(pool_new(&p, 1, &err), OK);
    assert_int_equal(plain_engine_new(&e, m, p, &o, &err), OK);
    e->err = &err;
    assert_int_equal(nn_encoder_forward(e, out, m, &in), OK);
    e->ops->free(e);
    pool_free(p);
}

/* x is given back. */
static void compare(const model *m, float *x, size_t n, size_t places)
{
    he_program *p;
    error err = {0};
    float expected[SMALL_POLY_LABELS];
    double got[SMALL_POLY_LABELS];
    plain(expected, m, x, n);
    he_states(x, &m->embeddings.norm, n);
    assert_int_equal(he_record(&p, m, places, &err), OK);
    assert_int_equal(he_clear_run(got, p, x, n, NULL, &err), OK);
    for (size_t i = 0; i < m->head.n_labels; i++) {
        if (!(fabs(got[i] - (double)expected[i]) < 1e-4 * (1 + fabs(got[i])))) {
            fail_msg("%zu of %zu tokens: logit %zu is %g, not %g", n, places, i, got[i],
                     (double)expected[i]);
        }
    }
    he_program_free(p);
    mem_free(x);
}

/* Slot by slot, the steps compute what the forward pass does, at every number of tokens that is
 * near an end. */
static void test_same_as_plain(void **state)
{
    (void)state;
    static const char *const dirs[] = {"models/sst2-tiny-poly", "models/sst2-tiny-thex"};
    static const size_t lengths[][2] = {{3, 32}, {32, 32}, {61, 64}};
    for (size_t j = 0; j < 2; j++) {
        model *m = open_model(dirs[j]);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            compare(m, embed(m, lengths[i][0]), lengths[i][0], lengths[i][1]);
        }
        model_free(m);
    }
}

/* Heads as wide as they come, fewer tokens than a head has features, feed-forward of both sizes,
 * and a mean over tokens. */
static void test_other_shapes(void **state)
{
    (void)state;
    static const model_shape shapes[] = {
        {.dim = 128,
         .n_layers = 1,
         .n_heads = 2,
         .ff = 256,
         .vocab = 9,
         .max_positions = 64,
         .n_labels = 3},
        {.dim = 32,
         .n_layers = 2,
         .n_heads = 1,
         .ff = 128,
         .vocab = 9,
         .max_positions = 64,
         .n_labels = 3},
        {.dim = 64,
         .n_layers = 1,
         .n_heads = 4,
         .ff = 128,
         .vocab = 9,
         .max_positions = 64,
         .n_labels = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        small_model s;
        small_poly_make(&s, &shapes[i]);
        for (size_t mean = 0; mean < 2; mean++) {
            const size_t n = 7 + i;
            float *x = mem_new(n * shapes[i].dim, sizeof *x);
            uint64_t seed = i + 1;
            for (size_t j = 0; j < n * shapes[i].dim; j++) {
                x[j] = small_random(&seed);
            }
            s.m->head.pool = mean ? POOL_MEAN : POOL_FIRST;
            compare(s.m, x, n, 16 << mean);
        }
        small_model_clear(&s);
    }
}

/* Nine levels a layer and one for the head. */
static void test_depth(void **state)
{
    (void)state;
    model *m = open_model("models/sst2-tiny-poly");
    he_program *p;
    assert_int_equal(he_record(&p, m, 32, NULL), OK);
    assert_int_equal(p->max_depth, 9 * m->n_layers + 1);
    he_program_free(p);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_plain),
        cmocka_unit_test(test_other_shapes),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
