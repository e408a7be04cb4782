/* What servers do with shares alone: truncation in whole small rings and over many large words,
 * the rest against integers. */
#include "support/walks.h"
#include "test.h"

/* ---- Truncation */

typedef struct {
    size_t n;
    unsigned bits, drop;
    uint64_t *shares[2];
} halves;

/* A wire of given shares. */
static wire *of_shares(mpc *p, const halves *h, unsigned frac)
{
    wire *x = wire_new(p, h->n, h->bits, frac);
    assert_non_null(x);
    if (p->phase == MPC_EVALUATE) {
        memcpy(x->share, h->shares[p->server], h->n * sizeof *x->share);
    }
    return x;
}

static status truncate(mpc *p, walks *w)
{
    const halves *h = w->ctx;
    wire *x = of_shares(p, h, 63);
    mpc_truncate(p, x, h->drop);
    assert_int_equal(x->bits, h->bits - h->drop);
    assert_int_equal(x->frac, 63 - h->drop);
    walks_output(p, w, 0, x);
    return OK;
}

/* Every pair of shares of every word of small rings: the floor or one more, never else, and on
 * average what was there: docs/design/mpc.md Eq. (7), (8). */
static void test_truncate_small_rings(void **state)
{
    (void)state;
    enum { MOST = 8, ALL = 1 << (2 * MOST) };
    halves h = {.shares = {calloc(ALL, 8), calloc(ALL, 8)}};
    for (h.bits = 2; h.bits <= MOST; h.bits++) {
        const size_t ring = (size_t)1 << h.bits;
        h.n = ring * ring;
        for (size_t i = 0; i < h.n; i++) { /* element x · ring + x_0 */
            h.shares[0][i] = i % ring;
            h.shares[1][i] = (i / ring - i % ring) & (ring - 1);
        }
        for (h.drop = 1; h.drop < h.bits; h.drop++) {
            walks w = {.ctx = &h};
            walks_run(&w, truncate);
            for (size_t x = 0; x < ring; x++) {
                uint64_t sum = 0;
                for (size_t i = x * ring; i < (x + 1) * ring; i++) {
                    const uint64_t up =
                        (walks_word(&w, 0, i) - (x >> h.drop)) & ring_mask(h.bits - h.drop);
                    assert_true(up <= 1);
                    sum += up;
                }
                assert_int_equal(sum << h.drop, ring * (x & ring_mask(h.drop)));
            }
            walks_clear(&w);
        }
    }
    free(h.shares[0]);
    free(h.shares[1]);
}

static void test_truncate_large_words(void **state)
{
    (void)state;
    enum { N = 1000000 };
    static const unsigned forms[][2] = {{64, 28}, {64, 1},  {64, 63}, {50, 14}, {46, 12},
                                        {46, 34}, {36, 10}, {36, 35}, {24, 12}, {24, 4}};
    halves h = {.n = N, .shares = {calloc(N, 8), calloc(N, 8)}};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){16}, "test", NULL);
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        h.bits = forms[k][0];
        h.drop = forms[k][1];
        prg_bytes(g, h.shares[0], N * sizeof(uint64_t));
        prg_bytes(g, h.shares[1], N * sizeof(uint64_t));
        for (size_t i = 0; i < N; i++) {
            h.shares[0][i] &= ring_mask(h.bits);
            h.shares[1][i] &= ring_mask(h.bits);
        }
        walks w = {.ctx = &h};
        walks_run(&w, truncate);
        size_t off = 0;
        double sum = 0;
        for (size_t i = 0; i < N; i++) {
            const uint64_t x = (h.shares[0][i] + h.shares[1][i]) & ring_mask(h.bits);
            const uint64_t up = (walks_word(&w, 0, i) - (x >> h.drop)) & ring_mask(w.bits[0]);
            const double part = (double)(x & ring_mask(h.drop)) / (double)(UINT64_C(1) << h.drop);
            off += up > 1;
            sum += (double)up - part;
        }
        assert_int_equal(off, 0);
        assert_true(sum < 3000 && sum > -3000); /* at most 1/2 each: six deviations */
        assert_int_equal(w.cost.rounds + w.cost.opened_bytes + w.cost.dealt_bytes, 0);
        walks_clear(&w);
    }
    prg_free(g);
    free(h.shares[0]);
    free(h.shares[1]);
}

/* ---- The rest */

enum { ROWS = 9, COLUMNS = 13, N = ROWS * COLUMNS, BITS = 41 };

typedef struct {
    uint64_t x[N], y[N], by_row[ROWS];
    uint8_t drop[ROWS];
    sequences seqs;
} input;

enum { NARROW, PUBLIC, MULTIPLY, BY_ROW, COPY, SUMS, SETTLED, CENTRED, SHIFTED, FIRST, MEAN };

static status all(mpc *p, walks *w)
{
    input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, N, BITS, 20), *y;
    wire *other = walks_input(p, w, in->y, N, 30, 9);
    TRY(mpc_copy(p, &y, x));
    mpc_narrow(p, y, 17);
    walks_output(p, w, NARROW, y);
    TRY(mpc_copy(p, &y, x));
    mpc_add_public(p, y, 123456789);
    walks_output(p, w, PUBLIC, y);
    TRY(mpc_copy(p, &y, x));
    mpc_multiply_public(p, y, (uint64_t)-77, 5);
    assert_int_equal(y->frac, 25);
    walks_output(p, w, MULTIPLY, y);
    TRY(mpc_copy(p, &y, x));
    mpc_multiply_rows(p, y, in->by_row, ROWS, 6);
    assert_int_equal(y->frac, 26);
    walks_output(p, w, BY_ROW, y);
    TRY(mpc_copy(p, &y, x));
    walks_output(p, w, COPY, y);
    TRY(mpc_row_sums(p, &y, x, ROWS));
    walks_output(p, w, SUMS, y);
    TRY(mpc_copy(p, &y, x));
    mpc_settle_rows(p, y, in->drop, ROWS, 7, 20);
    assert_int_equal(y->frac, 7);
    walks_output(p, w, SETTLED, y);
    TRY(mpc_copy(p, &y, x));
    mpc_centre_rows(p, y, ROWS);
    walks_output(p, w, CENTRED, y);
    TRY(mpc_copy(p, &y, x));
    mpc_add_shifted(p, y, other, 8);
    assert_int_equal(y->bits, 38);
    walks_output(p, w, SHIFTED, y);
    TRY(mpc_pool_rows(p, &y, x, &in->seqs, COLUMNS, POOL_FIRST));
    walks_output(p, w, FIRST, y);
    TRY(mpc_pool_rows(p, &y, x, &in->seqs, COLUMNS, POOL_MEAN));
    assert_int_equal(y->frac, 20);
    assert_int_equal(y->bits, BITS - 16);
    walks_output(p, w, MEAN, y);
    wire_drop(p, x);
    wire_drop(p, other);
    return OK;
}

static void check_words(const walks *w, const input *in)
{
    const uint64_t m = ring_mask(BITS);
    for (size_t i = 0; i < N; i++) {
        const uint64_t x = in->x[i] & m;
        const size_t row = i / COLUMNS;
        uint64_t sum = 0;
        for (size_t j = 0; j < COLUMNS; j++) {
            sum += in->x[row * COLUMNS + j];
        }
        assert_int_equal(walks_word(w, NARROW, i), x & ring_mask(17));
        assert_int_equal(walks_word(w, PUBLIC, i), (x + 123456789) & m);
        assert_int_equal(walks_word(w, MULTIPLY, i), x * (uint64_t)-77 & m);
        assert_int_equal(walks_word(w, BY_ROW, i), x * in->by_row[row] & m);
        assert_int_equal(walks_word(w, COPY, i), x);
        assert_int_equal(walks_word(w, SUMS, row), sum & m);
        assert_true(((walks_word(w, SETTLED, i) - (x >> in->drop[row])) & ring_mask(20)) <= 1);
        assert_int_equal(walks_word(w, CENTRED, i), (COLUMNS * x - sum) & m);
        assert_int_equal(walks_word(w, SHIFTED, i), (x + (in->y[i] << 8)) & ring_mask(38));
    }
}

static void check_pools(const walks *w, const input *in)
{
    for (size_t s = 0; s < in->seqs.n; s++) {
        const size_t begin = in->seqs.start[s], rows = in->seqs.start[s + 1] - begin;
        const uint64_t factor = (65536 + rows / 2) / rows;
        for (size_t j = 0; j < COLUMNS; j++) {
            uint64_t sum = 0;
            for (size_t i = begin; i < begin + rows; i++) {
                sum += in->x[i * COLUMNS + j];
            }
            const uint64_t mean = (sum * factor & ring_mask(BITS)) >> 16;
            assert_int_equal(walks_word(w, FIRST, s * COLUMNS + j),
                             in->x[begin * COLUMNS + j] & ring_mask(BITS));
            assert_true(((walks_word(w, MEAN, s * COLUMNS + j) - mean) & ring_mask(BITS - 16)) <=
                        1);
        }
    }
}

static void test_the_rest(void **state)
{
    (void)state;
    static const size_t start[] = {0, 1, 4, 9};
    input in = {.seqs = {.n = 3, .start = start}};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){17}, "test", NULL);
    for (size_t i = 0; i < N; i++) {
        in.x[i] = prg_word(g);
        in.y[i] = prg_word(g);
    }
    for (size_t i = 0; i < ROWS; i++) {
        in.by_row[i] = prg_word(g);
        in.drop[i] = (uint8_t)(1 + prg_below(g, 21));
    }
    walks w = {.ctx = &in};
    walks_run(&w, all);
    check_words(&w, &in);
    check_pools(&w, &in);
    assert_int_equal(w.cost.rounds + w.cost.opened_bytes + w.cost.dealt_bytes, 0);
    walks_clear(&w);
    prg_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncate_small_rings),
        cmocka_unit_test(test_truncate_large_words),
        cmocka_unit_test(test_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
