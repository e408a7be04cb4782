/* Small rings, all randomness: every gate answers right in every world, and neither server's view
 * says anything about the secrets. Masks that are too short, used twice or left out are found. */
#include "mpc/state.h"
#include "support/shared_weight.h"
#include "test.h"
#include "worlds.h"

/* Secrets of a grown wire opened at two bits: -1 and 0, |x| < 2^0 about -1/2. */
static uint64_t grown_secret(uint64_t bit)
{
    return bit - 1;
}

/* By world: word `bits` wide of the secret that begins at bit `from`. */
static uint64_t *secrets(const worlds *v, unsigned from, unsigned bits, bool grown)
{
    uint64_t *x = calloc(v->n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < v->n; i++) {
        const uint64_t s = worlds_secret_of(v, i) >> from & ring_mask(bits);
        x[i] = grown ? grown_secret(s) : s;
    }
    return x;
}

/* ---- Opening: two wires, one round */

static status open_two(mpc *p, walks *w)
{
    worlds *v = w->ctx;
    uint64_t *x = secrets(v, 0, 2, false), *y = secrets(v, 2, 2, false);
    wire *a = worlds_input(p, v, 0, x, 2), *b = worlds_input(p, v, 1, y, 2);
    const opening o[] = {{.x = a, .width = 2}, {.x = b, .width = 2}};
    const status st = mpc_open(p, o, 2);
    wire_drop(p, a);
    wire_drop(p, b);
    free(x);
    free(y);
    return st;
}

static bool opening_leaks(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask(v, 1, 2);
    worlds_mask(v, 2, 2);
    worlds_message(v, 2);
    worlds_message(v, 2);
    worlds_secret(v, 4);
    worlds_run(v, open_two);
    const bool leaks = !worlds_same(v);
    worlds_clear(v);
    free(v);
    return leaks;
}

static void test_open(void **state)
{
    (void)state;
    assert_false(opening_leaks(FAULT_NONE));
    assert_true(opening_leaks(FAULT_SHORT_MASK));
    assert_true(opening_leaks(FAULT_SAME_MASK));
}

/* ---- Growing and squaring */

static status square(mpc *p, walks *w)
{
    worlds *v = w->ctx;
    uint64_t *secret = secrets(v, 0, 1, true);
    wire *x = worlds_input(p, v, 0, secret, 2), *y, *z;
    free(secret);
    TRY(mpc_open(p, &(opening){.x = x, .width = 2, .grow = 4}, 1));
    TRY(mpc_square(p, &y, x, 4));
    TRY(mpc_grow(p, &z, x));
    walks_output(p, w, 0, y);
    walks_output(p, w, 1, z);
    wire_drop(p, x);
    return OK;
}

static bool square_leaks(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask(v, 1, 2);
    worlds_draw(v, DRAW_DEALT, 2, 4); /* r */
    worlds_draw(v, DRAW_DEALT, 3, 2); /* its highest bit b */
    worlds_draw(v, DRAW_DEALT, 4, 4); /* r² */
    worlds_draw(v, DRAW_DEALT, 5, 1); /* r·b */
    worlds_message(v, 2);
    worlds_secret(v, 1);
    worlds_run(v, square);
    for (size_t i = 0; i < v->n; i++) {
        const uint64_t x = grown_secret(worlds_secret_of(v, i));
        assert_int_equal(walks_word(&v->w, 0, i), x * x & 15);
        assert_int_equal(walks_word(&v->w, 1, i), x & 15);
    }
    const bool leaks = !worlds_same(v);
    worlds_clear(v);
    free(v);
    return leaks;
}

static void test_square(void **state)
{
    (void)state;
    assert_false(square_leaks(FAULT_NONE));
    assert_true(square_leaks(FAULT_SHORT_MASK));
    assert_true(square_leaks(FAULT_BARE_WORDS));
}

/* ---- Product of grown wires. Given any shares of its inputs, the rest of a view is the same; the
 * second wire's masks are gone through one by one, so that a run has 2^17 worlds. */

typedef struct {
    uint64_t secret[2], share[2];
} given;

static given product_inputs(size_t number)
{
    const bool other = number == 1 || number == 2; /* shares */
    return (given){.secret = {grown_secret(number & 1), grown_secret(number >> 1)},
                   .share = {other ? 1 : 0, other ? 2 : 3}};
}

static status product(mpc *p, walks *w)
{
    worlds *v = w->ctx;
    const given g = product_inputs(v->secret_base);
    wire *in[2], *y;
    for (size_t k = 0; k < 2; k++) {
        in[k] = wire_new(p, v->n, 2, 0);
        for (size_t i = 0; p->phase == MPC_EVALUATE && i < v->n; i++) {
            in[k]->share[i] = (p->server ? g.secret[k] - g.share[k] : g.share[k]) & 3;
        }
    }
    const opening o[] = {{.x = in[0], .width = 2, .grow = 3}, {.x = in[1], .width = 2, .grow = 3}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_product(p, &y, in[0], in[1], 3));
    walks_output(p, w, 0, y);
    wire_drop(p, in[0]);
    wire_drop(p, in[1]);
    return OK;
}

/* A fault shows whatever server 0's dealt words are. */
static void declare_product(worlds *v, uint64_t masks)
{
    static const struct {
        unsigned gate, bits;
    } dealt[] = {{2, 3}, {3, 1}, /* r and its highest bit b */
                 {5, 3}, {6, 1}, /* q, e */
                 {7, 3}, {8, 1}, {9, 1},
                 /* r·q, r·e, b·q; b·e falls out of the ring */};
    worlds_mask(v, 1, 2);
    worlds_given(v, DRAW_MASK0, 4, 2, masks & 3);
    worlds_given(v, DRAW_MASK1, 4, 2, masks >> 2);
    for (size_t i = 0; i < sizeof dealt / sizeof *dealt; i++) {
        if (v->fault == FAULT_NONE) {
            worlds_draw(v, DRAW_DEALT, dealt[i].gate, dealt[i].bits);
        } else {
            worlds_given(v, DRAW_DEALT, dealt[i].gate, dealt[i].bits, 0);
        }
    }
    worlds_message(v, 2);
    worlds_message(v, 2);
    worlds_secret(v, 0);
}

static bool product_leaks(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    for (v->secret_base = 0; v->secret_base < 4; v->secret_base++) {
        const given g = product_inputs(v->secret_base);
        for (uint64_t masks = 0; masks < 16; masks++) {
            declare_product(v, masks);
            worlds_run(v, product);
            for (size_t i = 0; i < v->n; i++) {
                assert_int_equal(walks_word(&v->w, 0, i), g.secret[0] * g.secret[1] & 7);
            }
            worlds_clear(v);
        }
    }
    const bool leaks = !worlds_same(v);
    free(v);
    return leaks;
}

static void test_product(void **state)
{
    (void)state;
    assert_false(product_leaks(FAULT_NONE));
    assert_true(product_leaks(FAULT_BARE_WORDS));
    assert_true(product_leaks(FAULT_SHORT_MASK));
}

/* ---- Linear map of one number: shares and mask of the weight are part of the worlds */

typedef struct {
    worlds v;
    shared_weight weight;
} linear_world;

static status linear_gate(mpc *p, walks *w)
{
    linear_world *l = w->ctx; /* v is its first member */
    uint64_t *secret = secrets(&l->v, 0, 2, false);
    wire *x = worlds_input(p, &l->v, 0, secret, 2), *y;
    free(secret);
    TRY(mpc_open(p, &(opening){.x = x, .width = 2}, 1));
    TRY(mpc_linear(p, &y, x, shared_weight_for(&l->weight, p)));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

/* One run: number is made of weight, B0, B1 and server 1's share of the bias. */
static void linear_run(linear_world *l, size_t number)
{
    worlds *v = &l->v;
    const uint64_t weight = number & 3, pads[2] = {number >> 2 & 3, number >> 4 & 3};
    const uint64_t bias = 1, bias_1 = number >> 6;
    const uint64_t masked = (weight - pads[0] - pads[1]) & 3;
    v->secret_base = weight * 4;
    for (int server = 0; server < 2; server++) {
        v->constants[server][0] = masked;
        v->constants[server][1] = pads[server];
        v->constants[server][2] = (server ? bias_1 : bias - bias_1) & 3;
    }
    shared_weight_new(&l->weight, &(weight_parts){.in = 1,
                                                  .out = 1,
                                                  .bits = 2,
                                                  .w = &weight,
                                                  .pad = {&pads[0], &pads[1]},
                                                  .bias = &bias,
                                                  .bias_1 = &bias_1});
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask(v, 1, 2);
    worlds_draw(v, DRAW_DEALT, 2, 2); /* r·B */
    worlds_message(v, 2);
    worlds_secret(v, 2);
    worlds_run(v, linear_gate);
    for (size_t i = 0; i < v->n; i++) {
        assert_int_equal(walks_word(&v->w, 0, i), (worlds_secret_of(v, i) * weight + bias) & 3);
    }
    worlds_clear(v);
    shared_weight_clear(&l->weight);
}

static bool linear_leaks(fault f)
{
    linear_world *l = calloc(1, sizeof *l);
    l->v.fault = f;
    for (size_t number = 0; number < (f == FAULT_NONE ? 256 : 64); number++) {
        linear_run(l, number);
    }
    const bool leaks = !worlds_same(&l->v);
    free(l);
    return leaks;
}

static void test_linear(void **state)
{
    (void)state;
    assert_false(linear_leaks(FAULT_NONE));
    assert_true(linear_leaks(FAULT_BARE_WORDS));
}

/* ---- Product of two opened secrets, a head of one number in each world */

static status scores(mpc *p, walks *w)
{
    static const size_t start[] = {0, 1};
    static const sequences seqs = {.n = 1, .start = start};
    worlds *v = w->ctx;
    const mpc_heads h = {.seqs = &seqs, .heads = v->n, .dim = 1};
    uint64_t *secret[] = {secrets(v, 0, 2, false), secrets(v, 2, 2, false)};
    wire *q = worlds_input(p, v, 0, secret[0], 2), *k = worlds_input(p, v, 1, secret[1], 2), *s;
    free(secret[0]);
    free(secret[1]);
    const opening o[] = {{.x = q, .width = 2}, {.x = k, .width = 2}};
    TRY(mpc_open(p, o, 2));
    TRY(mpc_scores(p, &s, q, k, &h, 2));
    walks_output(p, w, 0, s);
    wire_drop(p, q);
    wire_drop(p, k);
    return OK;
}

static bool scores_leak(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask(v, 1, 2);
    worlds_mask(v, 2, 2);
    worlds_draw(v, DRAW_DEALT, 3, 2);
    worlds_message(v, 2);
    worlds_message(v, 2);
    worlds_secret(v, 4);
    worlds_run(v, scores);
    for (size_t i = 0; i < v->n; i++) {
        const uint64_t s = worlds_secret_of(v, i);
        assert_int_equal(walks_word(&v->w, 0, i), (s & 3) * (s >> 2) & 3);
    }
    const bool leaks = !worlds_same(v);
    worlds_clear(v);
    free(v);
    return leaks;
}

static void test_scores(void **state)
{
    (void)state;
    assert_false(scores_leak(FAULT_NONE));
    assert_true(scores_leak(FAULT_SAME_MASK));
}

/* ---- Look-up of one term on words of three bits */

static status look_up(mpc *p, walks *w)
{
    static const double a = 1, b = 0;
    static const uint8_t frac = 1;
    const lookup t = {.period_bits = 3,
                      .bits = 4,
                      .frac = 2,
                      .terms = 1,
                      .every = 1,
                      .a = &a,
                      .b = &b,
                      .word_frac = &frac,
                      .coef_frac = &frac};
    worlds *v = w->ctx;
    uint64_t *secret = secrets(v, 0, 3, false);
    wire *x = worlds_input(p, v, 0, secret, 3), *y;
    free(secret);
    TRY(mpc_open(p, &(opening){.x = x, .width = 3}, 1));
    TRY(mpc_lookup(p, &y, x, &t, NULL));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

static bool look_up_leaks(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    worlds_draw(v, DRAW_INPUT, 0, 3);
    worlds_mask(v, 1, 3);
    v->draws[worlds_draw(v, DRAW_DEALT, 2, 8)].together = LOOKUP_BLOCK; /* cos r, sin r */
    worlds_message(v, 3);
    worlds_secret(v, 3);
    worlds_run(v, look_up);
    const bool leaks = !worlds_same(v);
    for (size_t i = 0; i < v->n;
         i++) { /* cosines, of which both factors have one bit of fraction */
        static const double cosine[] = {1, 0.71, 0, -0.71, -1, -0.71, 0, 0.71};
        const double got = (double)walks_signed(&v->w, 0, i) / 4;
        const double off = got - cosine[worlds_secret_of(v, i)];
        assert_true(off < 0.51 && off > -0.51);
    }
    worlds_clear(v);
    free(v);
    return leaks;
}

static void test_look_up(void **state)
{
    (void)state;
    assert_false(look_up_leaks(FAULT_NONE));
    assert_true(look_up_leaks(FAULT_SHORT_MASK));
    assert_true(look_up_leaks(FAULT_BARE_WORDS));
}

/* ---- A row of a table, by a one in a row of zeros: shares and mask of the table are part of the
 * worlds, which token it is and what the table holds are the secrets */

typedef struct {
    worlds v;
    shared_weight table;
} table_world;

static status look_up_row(mpc *p, walks *w)
{
    table_world *t = w->ctx; /* v is its first member */
    worlds *v = &t->v;
    wire *x = wire_new(p, 2 * v->n, 2, 0), *y;
    for (size_t k = 0; p->phase == MPC_EVALUATE && k < 2; k++) {
        uint64_t *one = secrets(v, 0, 1, false);
        for (size_t i = 0; i < v->n; i++) {
            one[i] = one[i] == k;
        }
        wire *column = worlds_input(p, v, k, one, 2);
        for (size_t i = 0; i < v->n; i++) {
            x->share[2 * i + k] = column->share[i];
        }
        wire_drop(p, column);
        free(one);
    }
    TRY(mpc_open(p, &(opening){.x = x, .width = 2}, 1));
    TRY(mpc_linear(p, &y, x, shared_weight_for(&t->table, p)));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

/* One run: which table, and its pads. */
static void table_run(table_world *t, size_t which, size_t pads)
{
    static const uint64_t rows[2][2] = {{0, 0}, {3, 1}}, zero = 0;
    worlds *v = &t->v;
    uint64_t pad[2][2];
    v->secret_base = 2 * which;
    for (size_t server = 0; server < 2; server++) {
        for (size_t k = 0; k < 2; k++) {
            pad[server][k] = pads >> (4 * server + 2 * k) & 3;
            v->constants[server][2 + k] = pad[server][k];
        }
    }
    for (size_t k = 0; k < 2; k++) {
        v->constants[0][k] = v->constants[1][k] = (rows[which][k] - pad[0][k] - pad[1][k]) & 3;
    }
    shared_weight_new(&t->table, &(weight_parts){.in = 2,
                                                 .out = 1,
                                                 .bits = 2,
                                                 .w = rows[which],
                                                 .pad = {pad[0], pad[1]},
                                                 .bias = &zero,
                                                 .bias_1 = &zero});
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask_pair(v, 1, 2);
    worlds_draw(v, DRAW_DEALT, 2, 2); /* r·B */
    worlds_message_pair(v, 2);
    worlds_secret(v, 1);
    worlds_run(v, look_up_row);
    for (size_t i = 0; i < v->n; i++) {
        assert_int_equal(walks_word(&v->w, 0, i), rows[which][worlds_secret_of(v, i)]);
    }
    worlds_clear(v);
    shared_weight_clear(&t->table);
}

static bool table_leaks(fault f)
{
    table_world *t = calloc(1, sizeof *t);
    t->v.fault = f;
    for (size_t which = 0; which < 2; which++) {
        for (size_t pads = 0; pads < (f == FAULT_NONE ? 256 : 16); pads++) {
            table_run(t, which, pads);
        }
    }
    const bool leaks = !worlds_same(&t->v);
    free(t);
    return leaks;
}

static void test_table(void **state)
{
    (void)state;
    assert_false(table_leaks(FAULT_NONE));
    assert_true(table_leaks(FAULT_SHORT_MASK));
}

/* ---- The label of two columns that are -1 or 0, of equals the first */

static status label(mpc *p, walks *w)
{
    worlds *v = w->ctx;
    wire *x = wire_new(p, 2 * v->n, 2, 0), *y;
    for (size_t k = 0; p->phase == MPC_EVALUATE && k < 2; k++) {
        uint64_t *secret = secrets(v, (unsigned)k, 1, true);
        wire *column = worlds_input(p, v, k, secret, 2);
        for (size_t i = 0; i < v->n; i++) {
            x->share[2 * i + k] = column->share[i];
        }
        wire_drop(p, column);
        free(secret);
    }
    TRY(mpc_row_labels(p, &y, x, 2, 2));
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

static bool label_leaks(fault f)
{
    worlds *v = calloc(1, sizeof *v);
    v->fault = f;
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_draw(v, DRAW_INPUT, 0, 2);
    worlds_mask(v, 1, 2);               /* of the difference */
    worlds_draw_lane(v, DRAW_DEALT, 2); /* the mask's bit below its sign */
    worlds_draw_lane(v, DRAW_MASK0, 3);
    worlds_draw_lane(v, DRAW_MASK1, 3);
    worlds_draw(v, DRAW_DEALT, 4, 2); /* the product of those, and the mask's sign */
    worlds_draw(v, DRAW_DEALT, 5, 2);
    worlds_message(v, 2);
    worlds_message_lane(v);
    worlds_secret(v, 2);
    worlds_run(v, label);
    for (size_t i = 0; i < v->n; i++) {
        const uint64_t s = worlds_secret_of(v, i);
        assert_int_equal(walks_word(&v->w, 0, i), (s & 1) < s >> 1);
    }
    const bool leaks = !worlds_same(v);
    worlds_clear(v);
    free(v);
    return leaks;
}

static void test_label(void **state)
{
    (void)state;
    assert_false(label_leaks(FAULT_NONE));
    assert_true(label_leaks(FAULT_SHORT_MASK));
    assert_true(label_leaks(FAULT_BARE_WORDS));
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
    puts("skipped: hundreds of thousands of threads are too many for the thread sanitizer");
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),    cmocka_unit_test(test_square),
        cmocka_unit_test(test_product), cmocka_unit_test(test_linear),
        cmocka_unit_test(test_scores),  cmocka_unit_test(test_look_up),
        cmocka_unit_test(test_label),   cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
