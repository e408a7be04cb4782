/* The same seeds give the same shares, word for word, with every table of kernels and every number
 * of threads, at either server: a chain through all gates. */
#include "support/shared_weight.h"
#include "support/walks.h"
#include "test.h"

enum { TOKENS = 67, HEADS = 3, DIM = 11, WIDTH = HEADS * DIM, OUT = 37, PERIOD = 14, TERMS = 5 };

typedef struct {
    shared_weight weight;
    uint64_t x[TOKENS * WIDTH];
} input;

static const size_t start[] = {0, 30, 31, TOKENS};
static const sequences seqs = {.n = 3, .start = start};
static const mpc_heads heads = {.seqs = &seqs, .heads = HEADS, .dim = DIM};

/* An attention of sorts: x·xᵀ, then times x, by heads. */
static status attend(mpc *p, walks *w, const wire *x, wire **y)
{
    wire *s, *c;
    TRY(mpc_scores(p, &s, x, x, &heads, 40));
    mpc_truncate(p, s, 4);
    TRY(mpc_open(p, &(opening){.x = s, .width = 36}, 1));
    TRY(mpc_weigh(p, &c, s, x, &heads, 30));
    TRY(mpc_join_heads(p, y, c, &heads));
    wire_drop(p, c);
    walks_output(p, w, 0, s);
    return OK;
}

static status look_up(mpc *p, walks *w, wire *z)
{
    static const double a[TERMS] = {0.5, -0.25, 0.125, 0.01, 1}, b[TERMS] = {0, 0.3, -0.1, 0.7, 0};
    static const uint8_t word[TERMS] = {14, 13, 12, 8, 14}, coef[TERMS] = {14, 14, 14, 14, 14};
    const lookup t = {.period_bits = PERIOD,
                      .bits = 40,
                      .frac = 28,
                      .terms = TERMS,
                      .every = 2,
                      .a0 = 0.25,
                      .alpha = 0.001,
                      .a = a,
                      .b = b,
                      .word_frac = word,
                      .coef_frac = coef};
    wire *y, *squares, *sums, *product, *cubic;
    mpc_narrow(p, z, PERIOD + 1);
    TRY(mpc_open(p, &(opening){.x = z, .width = PERIOD + 1, .grow = 64}, 1));
    TRY(mpc_lookup(p, &y, z, &t, NULL));
    TRY(mpc_square(p, &squares, z, 50));
    TRY(mpc_row_sums(p, &sums, squares, TOKENS));
    mpc_narrow(p, sums, 20);
    TRY(mpc_open(p, &(opening){.x = sums, .width = 20, .grow = 64}, 1));
    TRY(mpc_product(p, &product, z, sums, 60));
    TRY(mpc_product_square(p, &cubic, sums, sums, 64));
    walks_output(p, w, 2, y);
    walks_output(p, w, 3, squares);
    walks_output(p, w, 4, product);
    walks_output(p, w, 5, cubic);
    wire_drop(p, sums);
    return OK;
}

static status chain(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, TOKENS * WIDTH, 50, 30), *y, *z;
    TRY(mpc_open(p, &(opening){.x = x, .width = 50}, 1));
    TRY(attend(p, w, x, &y));
    mpc_truncate(p, y, 5);
    walks_output(p, w, 1, y);
    TRY(mpc_linear(p, &z, x, shared_weight_for(&in->weight, p)));
    wire_drop(p, x);
    TRY(look_up(p, w, z));
    wire_drop(p, z);
    return OK;
}

enum { OUTPUTS = 6 };

static void same(const walks *w, const walks *first, const char *level)
{
    for (size_t k = 0; k < OUTPUTS; k++) {
        assert_int_equal(w->n[k], first->n[k]);
        for (size_t server = 0; server < 2; server++) {
            if (memcmp(w->shares[server][k], first->shares[server][k], w->n[k] * 8)) {
                fail_msg("output %zu of server %zu differs with %s and %zu threads", k, server,
                         level, w->threads);
            }
        }
    }
}

static void test_chain(void **state)
{
    (void)state;
    static uint64_t words[5][WIDTH * OUT];
    input in;
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){22}, "test", NULL);
    prg_bytes(g, in.x, sizeof in.x);
    prg_bytes(g, words, sizeof words);
    shared_weight_new(&in.weight, &(weight_parts){.in = WIDTH,
                                                  .out = OUT,
                                                  .bits = 48,
                                                  .frac = 10,
                                                  .w = words[0],
                                                  .pad = {words[1], words[2]},
                                                  .bias = words[3],
                                                  .bias_1 = words[4]});
    const isa ref = ISA_REF;
    walks first = {.ctx = &in, .fixed = true, .threads = 1, .level = &ref};
    walks_run(&first, chain);
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        for (size_t threads = 1; threads <= 4; threads++) {
            walks w = {.ctx = &in, .fixed = true, .threads = threads, .level = &level};
            walks_run(&w, chain);
            same(&w, &first, cpu_isa_name(level));
            walks_clear(&w);
        }
    }
    walks_clear(&first);
    shared_weight_clear(&in.weight);
    prg_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
