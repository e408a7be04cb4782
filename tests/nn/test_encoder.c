/* The forward pass over an engine whose values are shapes: it must call every operation once for
 * what it stands for, in order, keep rows and columns right and give every value back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nn/encoder.h"

struct value {
    size_t rows, columns;
};

typedef struct {
    engine base;
    sequences seqs;
    size_t n_calls, fail_at, live;
    char trace[4096];
} counter;

static status give(engine *e, value **y, size_t rows, size_t columns, const char *what)
{
    counter *c = (counter *)e;
    *y = NULL;
    if (++c->n_calls == c->fail_at) {
        return error_set(e->err, ERR_RESOURCE, "operation %zu", c->n_calls);
    }
    *y = mem_new(1, sizeof **y);
    **y = (value){.rows = rows, .columns = columns};
    c->live++;
    const size_t used = strlen(c->trace);
    snprintf(c->trace + used, sizeof c->trace - used, "%s %zux%zu\n", what, rows, columns);
    return OK;
}

static status count_input(engine *e, value **y, const embedded *x)
{
    ((counter *)e)->seqs = x->seqs;
    return give(e, y, x->rows, x->dim, "input");
}

static status count_linear(engine *e, value **y, const value *x, const linear *w)
{
    assert_int_equal(x->columns, w->in);
    return give(e, y, x->rows, w->out, w->name);
}

static status count_attend(engine *e, value **y, const value *q, const value *k, const value *v,
                           const attention *a)
{
    assert_int_equal(q->columns, a->n_heads * a->head_dim);
    assert_int_equal(k->columns, v->columns);
    return give(e, y, q->rows, q->columns, a->name);
}

static status count_activate(engine *e, value **y, const value *x, const activation *f)
{
    return give(e, y, x->rows, x->columns, f->name);
}

static status count_normalise(engine *e, value **y, const value *x, const value *residual,
                              const norm *n)
{
    assert_int_equal(x->columns, n->dim);
    if (residual) {
        assert_int_equal(residual->rows, x->rows);
    }
    return give(e, y, x->rows, x->columns, n->name);
}

static status count_pool(engine *e, value **y, const value *x, pooling how)
{
    return give(e, y, ((counter *)e)->seqs.n, x->columns, how == POOL_MEAN ? "mean" : "first");
}

static status count_reveal(engine *e, float *out, const value *y)
{
    value *nothing = NULL;
    (void)out;
    const status st = give(e, &nothing, y->rows, y->columns, "reveal");
    e->ops->drop(e, nothing);
    return st;
}

static void count_drop(engine *e, value *v)
{
    if (v) {
        ((counter *)e)->live--;
        mem_free(v);
    }
}

static const engine_ops ops = {
    .name = "counter",
    .input = count_input,
    .linear = count_linear,
    .attend = count_attend,
    .activate = count_activate,
    .normalise = count_normalise,
    .pool = count_pool,
    .reveal = count_reveal,
    .drop = count_drop,
};

static encoder_layer one_layer(void)
{
    return (encoder_layer){
        .query = {.name = "query", .in = 8, .out = 8},
        .key = {.name = "key", .in = 8, .out = 8},
        .value = {.name = "value", .in = 8, .out = 8},
        .attention = {.name = "attention", .n_heads = 2, .n_kv_heads = 2, .head_dim = 4},
        .output = {.name = "output", .in = 8, .out = 8},
        .attention_norm = {.name = "attention_norm", .dim = 8},
        .up = {.name = "up", .in = 8, .out = 20},
        .activation = {.name = "activation"},
        .down = {.name = "down", .in = 20, .out = 8},
        .output_norm = {.name = "output_norm", .dim = 8},
    };
}

static model tiny(encoder_layer *layer)
{
    return (model){
        .dim = 8,
        .n_layers = 1,
        .layers = layer,
        .embeddings = {.norm = {.name = "embeddings.norm", .dim = 8}},
        .head = {.kind = HEAD_SEQUENCE,
                 .has_dense = true,
                 .dense = {.name = "head.dense", .in = 8, .out = 8},
                 .activation = {.name = "head.activation"},
                 .out = {.name = "head.out", .in = 8, .out = 3},
                 .n_labels = 3},
    };
}

static const size_t starts[] = {0, 2, 7};
static const embedded shape = {.rows = 7, .dim = 8, .seqs = {.n = 2, .start = starts}};

static void test_operations_in_order(void **state)
{
    (void)state;
    encoder_layer layers[] = {one_layer(), one_layer()};
    model m = tiny(layers);
    m.n_layers = 2;
    error err = {0};
    counter c = {.base = {.ops = &ops, .err = &err}};
    assert_int_equal(nn_encoder_forward(&c.base, NULL, &m, &shape), OK);
    assert_string_equal(c.trace, "input 7x8\nembeddings.norm 7x8\n"
                                 "query 7x8\nkey 7x8\nvalue 7x8\nattention 7x8\noutput 7x8\n"
                                 "attention_norm 7x8\nup 7x20\nactivation 7x20\ndown 7x8\n"
                                 "output_norm 7x8\n"
                                 "query 7x8\nkey 7x8\nvalue 7x8\nattention 7x8\n"
                                 "first 2x8\nfirst 2x8\noutput 2x8\n"
                                 "attention_norm 2x8\nup 2x20\nactivation 2x20\ndown 2x8\n"
                                 "output_norm 2x8\nhead.dense 2x8\n"
                                 "head.activation 2x8\nhead.out 2x3\nreveal 2x3\n");
    assert_int_equal(c.live, 0);
}

static void test_without_layers(void **state)
{
    (void)state;
    model m = tiny(NULL);
    m.n_layers = 0;
    error err = {0};
    counter c = {.base = {.ops = &ops, .err = &err}};
    assert_int_equal(nn_encoder_forward(&c.base, NULL, &m, &shape), OK);
    assert_string_equal(c.trace, "input 7x8\nembeddings.norm 7x8\nfirst 2x8\nhead.dense 2x8\n"
                                 "head.activation 2x8\nhead.out 2x3\nreveal 2x3\n");
    assert_int_equal(c.live, 0);
}

static void test_heads(void **state)
{
    (void)state;
    encoder_layer layer = one_layer();
    model m = tiny(&layer);
    error err = {0};
    m.head.kind = HEAD_TOKEN;
    m.head.has_dense = false;
    assert_int_equal(nn_encoder_rows(&m, &shape.seqs), 7);
    counter c = {.base = {.ops = &ops, .err = &err}};
    assert_int_equal(nn_encoder_forward(&c.base, NULL, &m, &shape), OK);
    assert_non_null(strstr(c.trace, "output_norm 7x8\nhead.out 7x3\nreveal 7x3\n"));

    m.head = (head){.kind = HEAD_EMBEDDING, .pool = POOL_MEAN};
    assert_int_equal(nn_encoder_columns(&m), 8);
    counter d = {.base = {.ops = &ops, .err = &err}};
    assert_int_equal(nn_encoder_forward(&d.base, NULL, &m, &shape), OK);
    assert_non_null(strstr(d.trace, "output_norm 7x8\nmean 2x8\nreveal 2x8\n"));
    assert_int_equal(c.live + d.live, 0);
}

static void test_a_failure_anywhere_leaks_nothing(void **state)
{
    (void)state;
    encoder_layer layer = one_layer();
    model m = tiny(&layer);
    for (size_t fail_at = 1; fail_at <= 18; fail_at++) {
        error err = {0};
        counter c = {.base = {.ops = &ops, .err = &err}, .fail_at = fail_at};
        assert_int_equal(nn_encoder_forward(&c.base, NULL, &m, &shape), ERR_RESOURCE);
        assert_int_equal(c.n_calls, fail_at);
        assert_int_equal(c.live, 0);
    }
}

static void test_positions(void **state)
{
    (void)state;
    const uint32_t ids[] = {0, 5, 1, 7, 1};
    uint32_t at[5];
    model m = {.pad_id = 1};
    nn_positions(at, &m, ids, 5);
    assert_memory_equal(at, ((uint32_t[]){0, 1, 2, 3, 4}), sizeof at);
    m.embeddings.first_position = 2;
    nn_positions(at, &m, ids, 5);
    assert_memory_equal(at, ((uint32_t[]){2, 3, 1, 4, 1}), sizeof at);
}

static void test_embedding_sums_its_tables(void **state)
{
    (void)state;
    const float word[] = {1, 2, 3, 4, 5, 6}, position[] = {10, 20, 30, 40}, type[] = {100, 200};
    const tensor w = {.type = DTYPE_F32, .count = 6, .data = word};
    const tensor p = {.type = DTYPE_F32, .count = 4, .data = position};
    const tensor t = {.type = DTYPE_F32, .count = 2, .data = type};
    model m = {
        .dim = 2,
        .embeddings = {
            .word = &w, .position = &p, .type = &t, .vocab = 3, .max_positions = 2, .n_types = 1}};
    const size_t start[] = {0, 2};
    uint32_t ids[] = {2, 0}, at[] = {0, 1}, types[] = {0, 0};
    const tokens in = {{.n = 1, .start = start}, ids, at, types};
    float x[4];
    error err = {0};
    assert_int_equal(nn_embed(x, &m, &in, &err), OK);
    assert_memory_equal(x, ((float[]){115, 226, 131, 242}), sizeof x);

    ids[1] = 3;
    assert_int_equal(nn_embed(x, &m, &in, &err), ERR_ARTEFACT);
    assert_string_equal(err.text, "token id 3: the vocabulary has 3");
    ids[1] = 0;
    at[1] = 2;
    assert_int_equal(nn_embed(x, &m, &in, &err), ERR_ARTEFACT);
    assert_string_equal(err.text, "position 2: the model has 2");
    at[1] = 1;
    types[0] = 1;
    assert_int_equal(nn_embed(x, &m, &in, &err), ERR_ARTEFACT);
    assert_string_equal(err.text, "token type 1: the model has 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_in_order),
        cmocka_unit_test(test_without_layers),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_a_failure_anywhere_leaks_nothing),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_embedding_sums_its_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
