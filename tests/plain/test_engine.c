#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "nn/encoder.h"
#include "plain/plain.h"
#include "plain/small_model.h"

static const model_shape shape = {.dim = 44,
                                  .n_layers = 2,
                                  .n_heads = 4,
                                  .ff = 83,
                                  .vocab = 60,
                                  .max_positions = 200,
                                  .n_labels = 3};

enum { ROWS = 5 + 71 + 1 + 130, SEQUENCES = 4 };
static const size_t starts[] = {0, 5, 76, 77, ROWS};

typedef struct {
    small_model s;
    float *x; /* ROWS × dim */
} fixture;

static int set_up(void **state)
{
    fixture *f = mem_new(1, sizeof *f);
    small_model_init(&f->s, &shape);
    f->x = mem_new(ROWS * shape.dim, sizeof *f->x);
    uint64_t seed = 3;
    for (size_t i = 0; i < ROWS * shape.dim; i++) {
        f->x[i] = small_random(&seed);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    small_model_clear(&f->s);
    mem_free(f->x);
    mem_free(f);
    return 0;
}

/* The network once more, in double and without any of the engine's parts. */

static void slow_linear(double *y, const double *x, const linear *w, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < w->out; j++) {
            double sum = (double)w->bias[j];
            for (size_t k = 0; k < w->in; k++) {
                sum += x[i * w->in + k] * (double)((const float *)w->weight->data)[j * w->in + k];
            }
            y[i * w->out + j] = sum;
        }
    }
}

static void slow_norm(double *x, const double *residual, const norm *n, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        double *r = x + i * n->dim, mean = 0, variance = 0;
        for (size_t j = 0; j < n->dim; j++) {
            r[j] += residual ? residual[i * n->dim + j] : 0;
            mean += r[j] / (double)n->dim;
        }
        for (size_t j = 0; j < n->dim; j++) {
            variance += (r[j] - mean) * (r[j] - mean) / (double)n->dim;
        }
        for (size_t j = 0; j < n->dim; j++) {
            r[j] = (double)n->gamma[j] * (r[j] - mean) / sqrt(variance + (double)n->eps) +
                   (double)n->beta[j];
        }
    }
}

static void slow_attention(double *y, const double *q, const double *k, const double *v,
                           const attention *a, size_t rows)
{
    const size_t d = a->head_dim, dim = a->n_heads * d;
    double *p = mem_new(rows, sizeof *p);
    for (size_t h = 0; h < a->n_heads; h++) {
        for (size_t i = 0; i < rows; i++) {
            double sum = 0;
            for (size_t j = 0; j < rows; j++) {
                double s = 0;
                for (size_t c = 0; c < d; c++) {
                    s += q[i * dim + h * d + c] * k[j * dim + h * d + c];
                }
                p[j] = exp(s / sqrt((double)d));
                sum += p[j];
            }
            for (size_t c = 0; c < d; c++) {
                double context = 0;
                for (size_t j = 0; j < rows; j++) {
                    context += p[j] / sum * v[j * dim + h * d + c];
                }
                y[i * dim + h * d + c] = context;
            }
        }
    }
    mem_free(p);
}

/* Logits of one sequence. */
static void slow_forward(double *out, const model *m, const float *input, size_t rows)
{
    const size_t dim = m->dim, ff = m->ff;
    double *x = mem_new(rows * dim, sizeof *x), *y = mem_new(rows * dim, sizeof *y);
    double *q = mem_new(rows * dim, sizeof *q), *k = mem_new(rows * dim, sizeof *k);
    double *v = mem_new(rows * dim, sizeof *v), *h = mem_new(rows * ff, sizeof *h);
    for (size_t i = 0; i < rows * dim; i++) {
        x[i] = (double)input[i];
    }
    slow_norm(x, NULL, &m->embeddings.norm, rows);
    for (size_t i = 0; i < m->n_layers; i++) {
        const encoder_layer *l = &m->layers[i];
        slow_linear(q, x, &l->query, rows);
        slow_linear(k, x, &l->key, rows);
        slow_linear(v, x, &l->value, rows);
        slow_attention(y, q, k, v, &l->attention, rows);
        slow_linear(q, y, &l->output, rows);
        slow_norm(q, x, &l->attention_norm, rows);
        slow_linear(h, q, &l->up, rows);
        for (size_t j = 0; j < rows * ff; j++) {
            h[j] *= 0.5 * (1 + erf(h[j] / sqrt(2)));
        }
        slow_linear(x, h, &l->down, rows);
        slow_norm(x, q, &l->output_norm, rows);
    }
    slow_linear(y, x, &m->head.dense, 1);
    for (size_t j = 0; j < dim; j++) {
        y[j] = tanh(y[j]);
    }
    slow_linear(out, y, &m->head.out, 1);
    mem_free(x);
    mem_free(y);
    mem_free(q);
    mem_free(k);
    mem_free(v);
    mem_free(h);
}

static engine *open_engine(const fixture *f, pool *p, isa level, plain_precision precision)
{
    engine *e;
    const plain_options o = {.isa = level, .precision = precision};
    assert_int_equal(plain_engine_new(&e, f->s.m, p, &o, NULL), OK);
    return e;
}

static void run(engine *e, float *out, const fixture *f)
{
    const embedded x = {
        .rows = ROWS, .dim = shape.dim, .seqs = {.n = SEQUENCES, .start = starts}, .x = f->x};
    assert_int_equal(nn_encoder_forward(e, out, f->s.m, &x), OK);
}

static void expect_close(const float *got, const double *want, size_t n, double bound)
{
    for (size_t i = 0; i < n; i++) {
        if (!(fabs((double)got[i] - want[i]) <= bound)) {
            fail_msg("logit %zu: %.9g, should be %.9g", i, (double)got[i], want[i]);
        }
    }
}

static void test_forward_equals_the_formulas(void **state)
{
    const fixture *f = *state;
    double want[SEQUENCES * 3];
    for (size_t i = 0; i < SEQUENCES; i++) {
        slow_forward(want + i * 3, f->s.m, f->x + starts[i] * shape.dim, starts[i + 1] - starts[i]);
    }
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        float got[SEQUENCES * 3];
        engine *e = open_engine(f, p, level, PLAIN_F32);
        run(e, got, f);
        expect_close(got, want, SEQUENCES * 3, 2e-5);
        e->ops->free(e);

        e = open_engine(f, p, level, PLAIN_BF16);
        run(e, got, f);
        expect_close(got, want, SEQUENCES * 3, 0.15);
        e->ops->free(e);
    }
    pool_free(p);
}

static void test_threads_change_no_bit(void **state)
{
    const fixture *f = *state;
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        for (int precision = PLAIN_F32; precision <= PLAIN_BF16; precision++) {
            float first[SEQUENCES * 3], got[SEQUENCES * 3];
            for (size_t threads = 1; threads <= 4; threads++) {
                pool *p;
                assert_int_equal(pool_new(&p, threads, NULL), OK);
                engine *e = open_engine(f, p, level, (plain_precision)precision);
                run(e, threads == 1 ? first : got, f);
                if (threads > 1) {
                    assert_memory_equal(got, first, sizeof got);
                }
                e->ops->free(e);
                pool_free(p);
            }
        }
    }
}

static void test_a_packed_batch_equals_its_sequences(void **state)
{
    const fixture *f = *state;
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        for (int precision = PLAIN_F32; precision <= PLAIN_BF16; precision++) {
            engine *e = open_engine(f, p, level, (plain_precision)precision);
            float batch[SEQUENCES * 3], alone[3];
            run(e, batch, f);
            for (size_t i = 0; i < SEQUENCES; i++) {
                const size_t one[] = {0, starts[i + 1] - starts[i]};
                const embedded x = {.rows = one[1],
                                    .dim = shape.dim,
                                    .seqs = {.n = 1, .start = one},
                                    .x = f->x + starts[i] * shape.dim};
                assert_int_equal(nn_encoder_forward(e, alone, f->s.m, &x), OK);
                assert_memory_equal(alone, batch + i * 3, sizeof alone);
            }
            e->ops->free(e);
        }
    }
    pool_free(p);
}

static void test_a_second_run_takes_nothing(void **state)
{
    const fixture *f = *state;
    pool *p;
    assert_int_equal(pool_new(&p, 2, NULL), OK);
    for (int precision = PLAIN_F32; precision <= PLAIN_BF16; precision++) {
        engine *e = open_engine(f, p, cpu_best(), (plain_precision)precision);
        float first[SEQUENCES * 3], again[SEQUENCES * 3];
        const size_t before = plain_engine_bytes(e);
        run(e, first, f);
        const size_t after = plain_engine_bytes(e);
        assert_true(after > before);
        for (int i = 0; i < 3; i++) {
            run(e, again, f);
            assert_int_equal(plain_engine_bytes(e), after);
            assert_memory_equal(again, first, sizeof first);
        }
        e->ops->free(e);
    }
    pool_free(p);
}

static void test_an_empty_sequence_is_refused(void **state)
{
    const fixture *f = *state;
    pool *p;
    assert_int_equal(pool_new(&p, 1, NULL), OK);
    engine *e = open_engine(f, p, ISA_REF, PLAIN_F32);
    error err = {0};
    e->err = &err;
    const size_t holes[] = {0, 3, 3, 4};
    const embedded x = {.rows = 4, .dim = shape.dim, .seqs = {.n = 3, .start = holes}, .x = f->x};
    float out[9];
    assert_int_equal(nn_encoder_forward(e, out, f->s.m, &x), ERR_USAGE);
    assert_non_null(strstr(err.text, "sequence 1"));
    e->ops->free(e);
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_equals_the_formulas),
        cmocka_unit_test(test_threads_change_no_bit),
        cmocka_unit_test(test_a_packed_batch_equals_its_sequences),
        cmocka_unit_test(test_a_second_run_takes_nothing),
        cmocka_unit_test(test_an_empty_sequence_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
