/* Signs and max(x, 0) against what they are, on all values of small words and a million of larger
 * ones; and that what is opened says nothing. */
#include "mpc/compare.h"
#include "support/walks.h"
#include "test.h"

typedef struct {
    uint64_t *x;
    size_t n;
    comparison c;
} input;

static status both(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, in->n, in->c.width, 0), *negative, *positive;
    TRY(mpc_compare(p, &negative, &positive, x, &in->c));
    walks_output(p, w, 0, negative);
    walks_output(p, w, 1, positive);
    wire_drop(p, x);
    return OK;
}

static status sign_alone(mpc *p, walks *w)
{
    const input *in = w->ctx;
    wire *x = walks_input(p, w, in->x, in->n, in->c.width, 0), *negative;
    TRY(mpc_compare(p, &negative, NULL, x, &in->c));
    walks_output(p, w, 0, negative);
    wire_drop(p, x);
    return OK;
}

static void check(const input *in)
{
    walks w = {.ctx = (void *)(uintptr_t)in};
    walks_run(&w, both);
    assert_int_equal(w.cost.rounds, 2);
    for (size_t i = 0; i < in->n; i++) {
        const int64_t x = (int64_t)(in->x[i] << (64 - in->c.width)) >> (64 - in->c.width);
        const uint64_t sign = walks_word(&w, 0, i);
        const bool near = x < 0 && x >= -(INT64_C(1) << in->c.low) && in->c.low > 0;
        assert_true(sign == 0 || sign == 1);
        assert_true(near || sign == (x < 0));
        assert_int_equal(walks_signed(&w, 1, i), sign ? 0 : x);
    }
    walks_clear(&w);
}

/* Every value of words of 2 to 12 bits, opened as wide as they are and wider. */
static void test_small(void **state)
{
    (void)state;
    for (unsigned top = 2; top <= 12; top++) {
        for (unsigned wider = 0; wider <= 20; wider += 20) {
            const size_t n = (size_t)1 << top;
            input in = {.x = calloc(n, sizeof *in.x), .n = n, .c = {top + wider, top, 0, 0}};
            for (size_t i = 0; i < n; i++) {
                in.x[i] = i - n / 2;
            }
            check(&in);
            free(in.x);
        }
    }
}

static void test_large(void **state)
{
    (void)state;
    static const comparison all[] = {{20, 20, 0, 0}, {21, 21, 9, 0}, {36, 22, 0, 0}, {64, 30, 1, 0},
                                     {12, 12, 0, 0}, {30, 30, 0, 0}, {13, 13, 11, 0}};
    enum { N = 150001 };
    input in = {.x = calloc(N, sizeof *in.x), .n = N};
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){3}, "test", NULL);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        in.c = all[k];
        const uint64_t half = UINT64_C(1) << (in.c.top - 1);
        const uint64_t top = half - ((UINT64_C(1) << in.c.low) - 1); /* rounding up has room */
        for (size_t i = 0; i < N; i++) {
            in.x[i] = prg_below(g, half + top) - half;
        }
        in.x[0] = 0 - half;
        in.x[1] = top - 1;
        in.x[2] = 0;
        in.x[3] = UINT64_MAX;
        check(&in);
    }
    prg_free(g);
    free(in.x);
}

/* One element, none beside it, and the forecast of what it costs. */
static void test_cost(void **state)
{
    (void)state;
    uint64_t x[65] = {0};
    input in = {.x = x, .n = 65, .c = {12, 12, 0, 0}};
    walks w = {.ctx = &in};
    walks_run(&w, both);
    /* 65 elements: 2 groups; 11 bits: blocks of 6 and 5; 63 + 31 slices, 3 factors, 4 monomials */
    assert_int_equal(w.cost.dealt_bytes, 8 * 2 * (63 + 31) + 2 * 5 * ring_packed_bytes(65, 12));
    assert_int_equal(w.cost.opened_bytes, ring_packed_bytes(65, 12) + 8 * 2 * 3);
    walks_clear(&w);
    in.n = 1;
    in.c.sign_bits = 30; /* a wider ring for the sign alone */
    x[0] = UINT64_MAX;
    walks_run(&w, sign_alone);
    assert_int_equal(w.bits[0], 30);
    assert_int_equal(walks_word(&w, 0, 0), 1);
    assert_int_equal(w.cost.rounds, 2);
    walks_clear(&w);
}

/* All masks of words of 4 bits: what a server sees opened, the word and its factors under masks, is
 * the same multiset for every secret. */
static void test_views(void **state)
{
    (void)state;
    enum { BITS = 4, VALUES = 1 << BITS };
    for (unsigned blocks_by = 1; blocks_by <= 40; blocks_by += 39) { /* two shapes */
        const compare_shape s = compare_shape_for(0, BITS, blocks_by);
        const unsigned masks = 1U << s.factors;
        size_t *first = NULL;
        for (uint64_t x = 0; x < VALUES; x++) {
            size_t *seen = calloc((size_t)VALUES * masks, sizeof *seen);
            for (uint64_t r = 0; r < VALUES; r++) {
                const uint64_t opened = (x + r) % VALUES;
                uint64_t slices[1 << COMPARE_BLOCK_BITS], factors[COMPARE_FACTORS];
                compare_deal(slices, &s, &r, 1);
                compare_factors(factors, &s, slices, &opened, 1, 1);
                for (unsigned m = 0; m < masks; m++) {
                    unsigned view = m;
                    for (unsigned f = 0; f < s.factors; f++) {
                        view ^= (unsigned)(factors[f] & 1) << f;
                    }
                    seen[opened * masks + view]++;
                }
            }
            if (first) {
                assert_memory_equal(first, seen, VALUES * masks * sizeof *seen);
                free(seen);
            } else {
                first = seen;
            }
        }
        free(first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
