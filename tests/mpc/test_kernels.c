#define _DEFAULT_SOURCE
/* Every table of loops gives the same words as the reference, bit for bit, at lengths that are no
 * multiple of a vector; and doubles too, for both servers compute public factors from them. */
#include <math.h>

#include "mpc/kernels.h"
#include "ring/ring.h"
#include "support/walks.h"
#include "test.h"

enum { MOST = 211, COLUMNS = 7 };

static const size_t lengths[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 65, 127, 128};

typedef struct {
    uint64_t a[MOST], b[MOST], c[MOST], y[2][MOST], y2[2][MOST];
    double s[MOST], t[MOST], gain[MOST], d[2][MOST], e[2][MOST];
    const mpc_kernels *table[2];
    size_t n;
    unsigned bits;
    uint64_t m;
} bench;

static void fill(bench *b, prg *g)
{
    for (size_t i = 0; i < MOST; i++) {
        b->a[i] = prg_word(g);
        b->b[i] = prg_word(g);
        b->c[i] = prg_word(g);
        b->s[i] = (double)(int64_t)prg_word(g) * 0x1p-63;
        b->t[i] = (double)(int64_t)prg_word(g) * 0x1p-63;
        b->gain[i] = 0.5 + (double)(prg_word(g) >> 11) * 0x1p-54;
    }
}

/* Both outputs begin alike, so that what must not be written is compared as well. */
static void begin(bench *b)
{
    for (int k = 0; k < 2; k++) {
        memcpy(b->y[k], b->c, sizeof b->c);
        memcpy(b->y2[k], b->c, sizeof b->c);
        memcpy(b->d[k], b->s, sizeof b->s);
        memcpy(b->e[k], b->t, sizeof b->t);
    }
}

static void same(const bench *b, const char *what)
{
    if (memcmp(b->y[0], b->y[1], sizeof b->y[0]) || memcmp(b->y2[0], b->y2[1], sizeof b->y2[0]) ||
        memcmp(b->d[0], b->d[1], sizeof b->d[0]) || memcmp(b->e[0], b->e[1], sizeof b->e[0])) {
        fail_msg("%s: %zu words of %u bits differ from the reference's", what, b->n, b->bits);
    }
}

/* Runs CALL for either table, k and t standing for it. */
#define BOTH(name, call)                                                                           \
    do {                                                                                           \
        begin(b);                                                                                  \
        for (int k = 0; k < 2; k++) {                                                              \
            const mpc_kernels *t = b->table[k];                                                    \
            call;                                                                                  \
        }                                                                                          \
        same(b, name);                                                                             \
    } while (0)

static void check_words(bench *b)
{
    const size_t n = b->n, rows = n / COLUMNS;
    const unsigned shift = b->bits / 3;
    BOTH("mask", t->mask(b->y[k], b->a, b->b, n, b->c[0], b->m));
    BOTH("add", t->add(b->y[k], b->a, b->b, n, b->m));
    BOTH("add in place", t->add(b->y[k], b->y[k], b->b, n, b->m));
    BOTH("subtract", t->subtract(b->y[k], b->b, n));
    BOTH("multiply_rows", t->multiply_rows(b->y[k], b->a, b->b, n, 1));
    BOTH("multiply_rows by 7", t->multiply_rows(b->y[k], b->a, b->b, rows, COLUMNS));
    BOTH("add_shifted", t->add_shifted(b->y[k], b->b, n, shift, b->m));
    BOTH("truncate", t->truncate(b->y[k], n, b->a[0], shift, b->m));
    BOTH("add_public", t->add_public(b->y[k], n, b->a[0], b->m));
    BOTH("multiply_public", t->multiply_public(b->y[k], n, b->a[0], b->m));
    BOTH("subtract_from_row", t->subtract_from_row(b->y[k], b->a, rows, COLUMNS, b->m));
    for (int op = 0; op < 3; op++) {
        BOTH("columns", t->columns(b->y[k], b->a, b->b, rows, COLUMNS, op, b->m));
    }
    BOTH("masked_minus", t->masked_minus(b->y[k], b->a, b->b, n));
    BOTH("masked_minus of nothing", t->masked_minus(b->y[k], NULL, b->b, n));
    BOTH("clear", t->clear(b->y[k], n));
    BOTH("row_sums", t->row_sums(b->y[k], b->a, rows, COLUMNS, b->m));
    BOTH("centre", t->centre(b->y[k], rows, COLUMNS, b->m));
}

/* Words of a grown wire: what they mean is tested elsewhere. */
static void check_grown(bench *b)
{
    const unsigned width = b->bits / 2 + 2;
    uint64_t masked[MOST];
    for (size_t i = 0; i < MOST; i++) {
        masked[i] = b->a[i] & ring_mask(width);
    }
    wire x = {.n = b->n, .width = width, .grown = 64, .masked = masked, .whole = b->b, .top = b->c};
    wire f = x;
    uint64_t *const pair[4] = {b->a, b->b, b->c, b->a};
    for (unsigned server = 0; server < 2; server++) {
        BOTH("grow", t->grow(b->y[k], &x, server, b->m));
        BOTH("square", t->square(b->y[k], &x, b->a, b->b, server, b->m));
        if (b->n >= COLUMNS) {
            x.n = b->n / COLUMNS * COLUMNS;
            f.n = b->n / COLUMNS;
            BOTH("product", t->product(b->y[k], &x, &f, pair, server, b->m));
            x.n = b->n;
        }
    }
}

static void check_turns(bench *b)
{
    const size_t n = b->n < LOOKUP_BLOCK ? b->n : LOOKUP_BLOCK;
    for (unsigned p = 3; p <= 32; p++) {
        BOTH("turn", t->turn(b->d[k], b->e[k], b->a, n, p));
    }
    BOTH("step", t->step(b->d[k], b->e[k], b->gain, b->s, n));
    for (unsigned frac = 0; frac <= 40; frac += 5) {
        BOTH("round_pair", t->round_pair(b->y[k], b->y2[k], b->s, b->t, n, frac));
        BOTH("term", t->term(b->y[k], b->s, b->t, b->a, b->b, 0.7, -1.3, NULL, n, frac, 5));
        BOTH("term with gains",
             t->term(b->y[k], b->s, b->t, b->a, b->b, 0.7, -1.3, b->gain, n, frac, 5));
    }
}

static void test_every_table(void **state)
{
    (void)state;
    bench *b = calloc(1, sizeof *b);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){20}, "test", NULL);
    b->table[0] = mpc_kernels_for(ISA_REF);
    for (isa level = ISA_REF; level <= cpu_best(); level++) {
        b->table[1] = mpc_kernels_for(level);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            b->n = lengths[i];
            for (b->bits = 1; b->bits <= 64; b->bits += 9) {
                b->m = ring_mask(b->bits);
                fill(b, g);
                check_words(b);
                check_grown(b);
                check_turns(b);
            }
        }
        print_message("%s\n", cpu_isa_name(level));
    }
    prg_free(g);
    free(b);
}

/* Angles against the C library's, at every word of a short period and many of a long one. */
static void test_turns_are_right(void **state)
{
    (void)state;
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){21}, "test", NULL);
    for (unsigned p = 3; p <= 32; p++) {
        for (size_t i = 0; i < 4096; i += LOOKUP_BLOCK) {
            uint64_t w[LOOKUP_BLOCK];
            double c[LOOKUP_BLOCK], s[LOOKUP_BLOCK];
            for (size_t k = 0; k < LOOKUP_BLOCK; k++) {
                w[k] = p <= 12 ? i + k : prg_word(g);
            }
            mpc_kernels_for(ISA_REF)->turn(c, s, w, LOOKUP_BLOCK, p);
            for (size_t k = 0; k < LOOKUP_BLOCK; k++) {
                const double turn = ldexp((double)(w[k] & ring_mask(p)), -(int)p);
                assert_true(fabs(c[k] - cos(2 * M_PI * turn)) < 2.2e-14);
                assert_true(fabs(s[k] - sin(2 * M_PI * turn)) < 2.2e-14);
            }
        }
    }
    prg_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table),
        cmocka_unit_test(test_turns_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
