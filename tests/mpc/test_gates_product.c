/* Squares and products of grown wires at every width, against 128-bit integers; public factors. */
#include "support/walks.h"
#include "test.h"

enum { ROWS = 5, COLUMNS = 7, N = ROWS * COLUMNS };

typedef struct {
    unsigned x_width, f_width, bits, grow;
    uint64_t x[N], f[ROWS];
} one;

typedef struct {
    size_t n;
    one *all;
    prg *g;
} cases;

/* |x| < 2^(width - 2): the ends first. */
static void fill(prg *g, uint64_t *x, size_t n, unsigned width)
{
    const uint64_t half = UINT64_C(1) << (width - 2);
    for (size_t i = 0; i < n; i++) {
        x[i] = i == 0 ? half - 1 : i == 1 ? -half : prg_below(g, 2 * half) - half;
    }
}

static void add(cases *c, unsigned x_width, unsigned f_width, unsigned bits, unsigned grow)
{
    one *o = &c->all[c->n++];
    assert_true(c->n <= WALKS_OUTPUTS);
    *o = (one){.x_width = x_width, .f_width = f_width, .bits = bits, .grow = grow};
    fill(c->g, o->x, N, x_width);
    fill(c->g, o->f, ROWS, f_width);
}

static status squares(mpc *p, walks *w)
{
    cases *c = w->ctx;
    for (size_t i = 0; i < c->n; i++) {
        const one *o = &c->all[i];
        wire *x = walks_input(p, w, o->x, N, o->x_width, 3), *y;
        TRY(mpc_open(p, &(opening){.x = x, .width = o->x_width, .grow = o->grow}, 1));
        const mpc_cost before = p->cost;
        TRY(mpc_square(p, &y, x, o->bits));
        assert_int_equal(y->frac, 6);
        assert_int_equal(p->cost.rounds, before.rounds);
        assert_int_equal(p->cost.dealt_bytes - before.dealt_bytes,
                         ring_packed_bytes(N, o->bits) +
                             ring_packed_bytes(N, o->bits - o->x_width - 1));
        walks_output(p, w, i, y);
        wire_drop(p, x);
    }
    return OK;
}

static void test_square(void **state)
{
    (void)state;
    cases c = {.all = calloc(WALKS_OUTPUTS, sizeof *c.all)};
    c.g = prg_new((const uint8_t[PRG_SEED_BYTES]){14}, "test", NULL);
    for (unsigned width = 2; width <= 62; width++) {
        for (unsigned bits = width + 2; bits <= 64; bits++) {
            add(&c, width, 2, bits, bits % 3 ? bits : 64);
        }
    }
    walks w = {.ctx = &c};
    walks_run(&w, squares);
    for (size_t i = 0; i < c.n; i++) {
        const one *o = &c.all[i];
        for (size_t k = 0; k < N; k++) {
            assert_int_equal(walks_word(&w, i, k), o->x[k] * o->x[k] & ring_mask(o->bits));
        }
    }
    walks_clear(&w);
    prg_free(c.g);
    free(c.all);
}

/* What a word loses that is multiplied by 2^dropped. */
static size_t less(unsigned bits, unsigned dropped)
{
    return dropped < bits ? ring_packed_bytes(N, bits - dropped) : 0;
}

static status products(mpc *p, walks *w)
{
    cases *c = w->ctx;
    for (size_t i = 0; i < c->n; i++) {
        const one *o = &c->all[i];
        wire *x = walks_input(p, w, o->x, N, o->x_width, 3), *y;
        wire *f = walks_input(p, w, o->f, ROWS, o->f_width, 4);
        const opening both[] = {{.x = x, .width = o->x_width, .grow = o->grow},
                                {.x = f, .width = o->f_width, .grow = o->grow}};
        TRY(mpc_open(p, both, 2));
        const mpc_cost before = p->cost;
        TRY(mpc_product(p, &y, x, f, o->bits));
        assert_int_equal(y->frac, 7);
        assert_int_equal(p->cost.rounds, before.rounds);
        assert_int_equal(p->cost.dealt_bytes - before.dealt_bytes,
                         less(o->bits, 0) + less(o->bits, o->f_width) + less(o->bits, o->x_width) +
                             less(o->bits, o->x_width + o->f_width));
        walks_output(p, w, i, y);
        wire_drop(p, x);
        wire_drop(p, f);
    }
    return OK;
}

static void test_product(void **state)
{
    (void)state;
    cases c = {.all = calloc(WALKS_OUTPUTS, sizeof *c.all)};
    c.g = prg_new((const uint8_t[PRG_SEED_BYTES]){15}, "test", NULL);
    for (unsigned width = 2; width <= 63; width += 3) {
        for (unsigned other = 2; other <= 63; other += 5) {
            const unsigned least = width > other ? width : other;
            add(&c, width, other, least, least + 1); /* as small as it may be, */
            add(&c, width, other, 64, 64);           /* as large, */
            add(&c, width, other, (least + 65) / 2, 64);
        }
    }
    walks w = {.ctx = &c};
    walks_run(&w, products);
    for (size_t i = 0; i < c.n; i++) {
        const one *o = &c.all[i];
        for (size_t k = 0; k < N; k++) {
            const __int128 exact = (__int128)(int64_t)o->x[k] * (int64_t)o->f[k / COLUMNS];
            assert_int_equal(walks_word(&w, i, k), (uint64_t)exact & ring_mask(o->bits));
        }
    }
    walks_clear(&w);
    prg_free(c.g);
    free(c.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_square),
        cmocka_unit_test(test_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
