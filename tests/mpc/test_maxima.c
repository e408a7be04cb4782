/* The largest of rows of every length. */
#include "mpc/attend.h"
#include "support/walks.h"
#include "test.h"

enum { HEADS = 3, BITS = 12 };

typedef struct {
    mpc_heads h;
    uint64_t *x;
} input;

static status maxima(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, mpc_scores_count(&in->h), BITS, 3), *y;
    TRY(mpc_row_maxima(p, &y, x, &in->h));
    walks_output(p, w, 0, y);
    walks_output(p, w, 1, x);
    return OK;
}

static void check(const size_t *lengths, size_t n, unsigned rounds)
{
    size_t start[8] = {0};
    for (size_t i = 0; i < n; i++) {
        start[i + 1] = start[i] + lengths[i];
    }
    const sequences seqs = {.n = n, .start = start};
    input in = {.h = {.seqs = &seqs, .heads = HEADS}};
    const size_t count = mpc_scores_count(&in.h);
    in.x = calloc(count, sizeof *in.x);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){4}, "test", NULL);
    for (size_t i = 0; i < count; i++) { /* differences below half of the ring */
        in.x[i] = prg_below(g, 1 << (BITS - 1)) - (1 << (BITS - 2));
    }
    walks w = {.ctx = &in};
    walks_run(&w, maxima);
    assert_int_equal(w.cost.rounds, rounds);
    const uint64_t *at = in.x;
    for (size_t i = 0, row = 0; i < n; i++) {
        for (size_t k = 0; k < HEADS * lengths[i]; k++, row++, at += lengths[i]) {
            int64_t most = INT64_MIN;
            for (size_t j = 0; j < lengths[i]; j++) {
                most = (int64_t)at[j] > most ? (int64_t)at[j] : most;
            }
            assert_int_equal(walks_signed(&w, 0, row), most);
        }
    }
    for (size_t i = 0; i < count; i++) { /* what went in is what it was */
        assert_int_equal(walks_word(&w, 1, i), in.x[i] & ring_mask(BITS));
    }
    walks_clear(&w);
    prg_free(g);
    free(in.x);
}

static void test_rows(void **state)
{
    (void)state;
    check((const size_t[]){1}, 1, 0);
    check((const size_t[]){2}, 1, 2);
    check((const size_t[]){3}, 1, 4);
    check((const size_t[]){64}, 1, 12);
    check((const size_t[]){65}, 1, 14);
    check((const size_t[]){1, 7, 2, 33, 1, 5}, 6, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
