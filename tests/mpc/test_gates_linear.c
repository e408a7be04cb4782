/* A secret times a weight, against sums of products mod 2^bits, at sizes that are no multiple of
 * anything. */
#include "support/shared_weight.h"
#include "support/walks.h"
#include "test.h"

enum { MAX = 200 * 67 };

typedef struct {
    size_t rows;
    unsigned width; /* at which x is opened */
    weight_parts parts;
    shared_weight weight;
    uint64_t x[MAX], w[MAX], pad[2][MAX], bias[256], bias_1[256];
} input;

static status multiply(mpc *p, walks *w)
{
    const input *in = w->ctx;
    const weight_parts *q = &in->parts;
    const size_t columns = q->by_column ? q->out : q->in;
    wire *x = walks_input(p, w, in->x, in->rows * columns, in->width, 12), *y;
    TRY(mpc_open(p, &(opening){.x = x, .width = in->width}, 1));
    const mpc_weight *own = shared_weight_for(&in->weight, p);
    TRY(q->by_column ? mpc_scale(p, &y, x, own) : mpc_linear(p, &y, x, own));
    assert_int_equal(y->frac, 12 + q->frac);
    assert_int_equal(y->bits, q->bits);
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

static uint64_t expected(const input *in, size_t i, size_t j)
{
    const weight_parts *q = &in->parts;
    uint64_t sum = in->bias[j];
    for (size_t k = 0; !q->by_column && k < q->in; k++) {
        sum += in->x[i * q->in + k] * in->w[k * q->out + j];
    }
    return (q->by_column ? sum + in->x[i * q->out + j] * in->w[j] : sum) & ring_mask(q->bits);
}

static void check(size_t rows, size_t in_size, size_t out, bool by_column, unsigned bits,
                  unsigned width)
{
    input *in = calloc(1, sizeof *in);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){12}, "test", NULL);
    in->rows = rows;
    in->width = width;
    in->parts = (weight_parts){.in = in_size,
                               .out = out,
                               .by_column = by_column,
                               .bits = bits,
                               .frac = 7,
                               .w = in->w,
                               .pad = {in->pad[0], in->pad[1]},
                               .bias = in->bias,
                               .bias_1 = in->bias_1};
    uint64_t *all[] = {in->x, in->w, in->pad[0], in->pad[1]};
    for (size_t i = 0; i < MAX; i++) {
        for (size_t k = 0; k < 4; k++) {
            all[k][i] = prg_word(g);
        }
    }
    for (size_t j = 0; j < out; j++) {
        in->bias[j] = prg_word(g);
        in->bias_1[j] = prg_word(g);
    }
    shared_weight_new(&in->weight, &in->parts);
    walks w = {.ctx = in, .threads = 2};
    walks_run(&w, multiply);
    assert_int_equal(w.n[0], rows * out);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < out; j++) {
            assert_int_equal(walks_word(&w, 0, i * out + j), expected(in, i, j));
        }
    }
    assert_int_equal(w.cost.rounds, 1);
    assert_int_equal(w.cost.opened_bytes,
                     ring_packed_bytes(rows * (by_column ? out : in_size), width));
    assert_int_equal(w.cost.dealt_bytes, ring_packed_bytes(rows * out, bits));
    walks_clear(&w);
    shared_weight_clear(&in->weight);
    prg_free(g);
    free(in);
}

static void test_linear(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{1, 1, 1}, {3, 5, 7}, {17, 67, 33}, {67, 200, 19}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (unsigned bits = 2; bits <= 64; bits += i < 2 ? 1 : 7) {
            check(shapes[i][0], shapes[i][1], shapes[i][2], false, bits, bits);
            check(shapes[i][0], shapes[i][1], shapes[i][2], false, bits, 64);
        }
    }
}

static void test_scale(void **state)
{
    (void)state;
    for (unsigned bits = 2; bits <= 64; bits++) {
        check(1, 1, 1, true, bits, bits);
        check(13, 1, 131, true, bits, 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
