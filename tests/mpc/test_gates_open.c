/* Openings of every width, plain and grown: what both servers know, what the shares of the mask
 * are, what it costs. */
#include "support/walks.h"
#include "test.h"

enum { N = 21, PAIRS = 62 * 63 / 2 };

typedef struct {
    unsigned width, grow; /* grow 0: plain */
    uint64_t x[N];
    uint64_t masked[2][N], mask[2][N], whole[2][N], top[2][N];
} one;

typedef struct {
    size_t n;
    one *all;
} cases;

static void keep(uint64_t *out, const uint64_t *from, const wire *x)
{
    memcpy(out, from, x->n * sizeof *out);
}

static status open_all(mpc *p, walks *w)
{
    cases *c = w->ctx;
    for (size_t i = 0; i < c->n; i++) {
        one *o = &c->all[i];
        /* a share may have more bits than are opened */
        const unsigned bits = o->grow || i % 2 ? o->width : 64;
        wire *x = walks_input(p, w, o->x, N, bits, 0), *y;
        TRY(mpc_open(p, &(opening){.x = x, .width = o->width, .grow = o->grow}, 1));
        assert_int_equal(x->width, o->width);
        assert_int_equal(x->grown, o->grow);
        if (p->phase == MPC_EVALUATE) {
            keep(o->masked[p->server], x->masked, x);
            keep(o->mask[p->server], x->mask, x);
        }
        if (o->grow) {
            if (p->phase == MPC_EVALUATE) {
                keep(o->whole[p->server], x->whole, x);
                keep(o->top[p->server], x->top, x);
            }
            TRY(mpc_grow(p, &y, x));
            assert_int_equal(y->bits, o->grow);
            walks_output(p, w, i, y);
        }
        wire_drop(p, x);
    }
    return OK;
}

/* The ends of what is allowed, then anything. */
static void fill(one *o, prg *g)
{
    const uint64_t half = UINT64_C(1) << (o->width - 2);
    const uint64_t ends[] = {0, 1, UINT64_MAX, half - 1, -half};
    for (size_t i = 0; i < N; i++) {
        o->x[i] = i < 5 ? ends[i] : o->grow ? prg_below(g, 2 * half) - half : prg_word(g);
    }
}

static void check_case(const walks *w, const one *o, size_t k)
{
    const uint64_t m = ring_mask(o->width), half = UINT64_C(1) << (o->width - 2);
    for (size_t i = 0; i < N; i++) {
        const uint64_t r = (o->mask[0][i] + o->mask[1][i]) & m;
        assert_int_equal(o->masked[0][i], o->masked[1][i]);
        assert_int_equal(o->masked[0][i], (o->x[i] + r + (o->grow ? half : 0)) & m);
        if (o->grow) {
            const uint64_t whole = (o->whole[0][i] + o->whole[1][i]) & ring_mask(o->grow);
            const uint64_t top = (o->top[0][i] + o->top[1][i]) & ring_mask(o->grow - o->width);
            assert_int_equal(whole, r);
            assert_int_equal(top, r >> (o->width - 1));
            assert_int_equal(walks_word(w, k, i), o->x[i] & ring_mask(o->grow));
        }
    }
}

static void test_every_width(void **state)
{
    (void)state;
    cases c = {.all = calloc(PAIRS + 63, sizeof *c.all)};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){11}, "test", NULL);
    size_t opened = 0, dealt = 0;
    for (unsigned width = 2; width <= 64; width++) {
        c.all[c.n++] = (one){.width = width};
        for (unsigned grow = width + 1; grow <= 64; grow++) {
            c.all[c.n++] = (one){.width = width, .grow = grow};
            dealt += ring_packed_bytes(N, grow) + ring_packed_bytes(N, grow - width);
        }
        opened += (65 - width) * ring_packed_bytes(N, width);
    }
    for (size_t i = 0; i < c.n; i++) {
        fill(&c.all[i], g);
    }
    walks w = {.ctx = &c};
    assert_true(c.n <= WALKS_OUTPUTS);
    walks_run(&w, open_all);
    for (size_t i = 0; i < c.n; i++) {
        check_case(&w, &c.all[i], i);
    }
    assert_int_equal(w.cost.rounds, c.n);
    assert_int_equal(w.cost.opened_bytes, opened);
    assert_int_equal(w.cost.dealt_bytes, dealt);
    walks_clear(&w);
    prg_free(g);
    free(c.all);
}

static const struct {
    size_t n;
    unsigned width, grow;
} together[MPC_MAX_OPENINGS] = {{13, 32, 0}, {1, 20, 40}, {0, 7, 0}, {301, 23, 64}};

static uint64_t number(size_t k, size_t i)
{
    return (k + 1) * 1000 + i;
}

static status open_together(mpc *p, walks *w)
{
    opening o[MPC_MAX_OPENINGS];
    uint64_t x[512];
    for (size_t k = 0; k < MPC_MAX_OPENINGS; k++) {
        for (size_t i = 0; i < together[k].n; i++) {
            x[i] = number(k, i);
        }
        o[k] = (opening){.x = walks_input(p, w, x, together[k].n, together[k].width, 0),
                         .width = together[k].width,
                         .grow = together[k].grow};
    }
    TRY(mpc_open(p, o, MPC_MAX_OPENINGS));
    for (size_t k = 0; k < MPC_MAX_OPENINGS; k++) {
        wire *y = wire_new(p, o[k].x->n, o[k].width, 0);
        for (size_t i = 0; p->phase == MPC_EVALUATE && i < y->n; i++) {
            const uint64_t half = o[k].grow ? UINT64_C(1) << (o[k].width - 2) : 0;
            y->share[i] = (p->server ? o[k].x->masked[i] - half : 0) - o[k].x->mask[i];
        }
        walks_output(p, w, k, y);
        wire_drop(p, o[k].x);
    }
    return OK;
}

/* Four wires, an empty one among them, cost one round. */
static void test_together(void **state)
{
    (void)state;
    walks w = {0};
    walks_run(&w, open_together);
    assert_int_equal(w.cost.rounds, 1);
    size_t bytes = 0;
    for (size_t k = 0; k < MPC_MAX_OPENINGS; k++) {
        bytes += ring_packed_bytes(together[k].n, together[k].width);
        for (size_t i = 0; i < together[k].n; i++) {
            assert_int_equal(walks_word(&w, k, i), number(k, i) & ring_mask(together[k].width));
        }
    }
    assert_int_equal(w.cost.opened_bytes, bytes);
    walks_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
