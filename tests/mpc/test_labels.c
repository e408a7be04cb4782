/* The largest column's index, of rows of every kind: all of small rings, many of large ones; of
 * equals the first; and what goes to and fro is the same for all rows. */
#include "mpc/state.h"
#include "support/walks.h"
#include "test.h"

typedef struct {
    uint64_t *x;
    size_t rows, columns;
    unsigned bits;
} input;

static status labels(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, in->rows * in->columns, in->bits, 3), *label;
    TRY(mpc_row_labels(p, &label, x, in->columns, MPC_ANSWER_BITS));
    walks_output(p, w, 0, label);
    walks_output(p, w, 1, x);
    return OK;
}

static int64_t signed_word(uint64_t x, unsigned bits)
{
    return (int64_t)(x << (64 - bits)) >> (64 - bits);
}

static size_t first_largest(const uint64_t *row, size_t columns, unsigned bits)
{
    size_t best = 0;
    for (size_t j = 1; j < columns; j++) {
        if (signed_word(row[j], bits) > signed_word(row[best], bits)) {
            best = j;
        }
    }
    return best;
}

static mpc_cost check(const input *in)
{
    walks w = {.ctx = (void *)(uintptr_t)in};
    walks_run(&w, labels);
    assert_int_equal(w.cost.rounds, in->columns == 1 ? 0 : in->columns == 2 ? 2 : 4);
    assert_int_equal(w.bits[0], MPC_ANSWER_BITS);
    assert_int_equal(w.n[0], in->rows);
    for (size_t i = 0; i < in->rows; i++) {
        assert_int_equal(walks_word(&w, 0, i),
                         first_largest(in->x + i * in->columns, in->columns, in->bits));
    }
    for (size_t i = 0; i < in->rows * in->columns; i++) { /* what went in is what it was */
        assert_int_equal(walks_word(&w, 1, i), in->x[i] & ring_mask(in->bits));
    }
    const mpc_cost cost = w.cost;
    walks_clear(&w);
    return cost;
}

/* Every row of up to four columns of a ring of four bits, whose words differ by less than half of
 * it: -4 to 3. */
static void test_small(void **state)
{
    (void)state;
    enum { BITS = 4, VALUES = 8 };
    size_t rows = VALUES;
    for (size_t columns = 1; columns <= 4; columns++, rows *= VALUES) {
        input in = {.rows = rows, .columns = columns, .bits = BITS};
        in.x = calloc(rows * columns, sizeof *in.x);
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0, rest = i; j < columns; j++, rest /= VALUES) {
                in.x[i * columns + j] = rest % VALUES - VALUES / 2;
            }
        }
        check(&in);
        free(in.x);
    }
}

/* As answers have them: 22 bits, with equals among them, and rows at the ends of the range. */
static void test_large(void **state)
{
    (void)state;
    static const size_t all[] = {2, 3, 4, 5, 9, 20, 33};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){7}, "test", NULL);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const size_t columns = all[k], rows = 6000 / columns;
        input in = {.rows = rows, .columns = columns, .bits = MPC_ANSWER_BITS};
        in.x = calloc(rows * columns, sizeof *in.x);
        for (size_t i = 0; i < rows; i++) {
            const uint64_t few = i % 3 == 0 ? 4 : i % 3 == 1 ? 4096 : 1 << 21;
            for (size_t j = 0; j < columns; j++) {
                in.x[i * columns + j] = prg_below(g, few) - few / 2;
            }
        }
        in.x[0] = 0 - (UINT64_C(1) << 20);
        in.x[1] = (UINT64_C(1) << 20) - 1;
        check(&in);
        free(in.x);
    }
    prg_free(g);
}

/* Rows of nothing and rows of numbers: the same rounds and bytes. */
static void test_cost(void **state)
{
    (void)state;
    uint64_t x[15] = {0};
    input in = {.x = x, .rows = 3, .columns = 5, .bits = MPC_ANSWER_BITS};
    const mpc_cost nothing = check(&in);
    for (size_t i = 0; i < 15; i++) {
        x[i] = i * i % 7 * 5000;
    }
    const mpc_cost numbers = check(&in);
    assert_int_equal(nothing.opened_bytes, numbers.opened_bytes);
    assert_int_equal(nothing.dealt_bytes, numbers.dealt_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
