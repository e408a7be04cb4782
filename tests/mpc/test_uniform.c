/* What servers open looks uniform, whatever the secret: over whole inferences with the same input,
 * for every opened wire, its highest and its lowest bits, and those of the difference between one
 * inference and the next. A mask that is one bit short is noticed. No proof, which is elsewhere
 * (test_worlds.c, docs/design/mpc.md): a net for mistakes. */
#include <math.h>

#include "mpc/gates.h"
#include "party/mpc_local.h"
#include "support/calibrated.h"
#include "support/walks.h"
#include "test.h"

enum { RUNS = 60, BINS = 16, BINS_LOG = 4, MOST = 128, TESTS = 4 };

/* Counts of one opened wire. */
typedef struct {
    unsigned width;
    size_t n, count[TESTS][BINS];
    uint64_t *last; /* of the run before */
} kind;

static struct {
    bool on;
    size_t at, n;
    kind kinds[MOST];
} seen;

/* The linker brings the engine's calls here. */
status __real_mpc_open(mpc *p, const opening *o, size_t n);
status __real_mpc_open_bits(mpc *p, uint64_t *x, size_t n);
status __wrap_mpc_open(mpc *p, const opening *o, size_t n);
status __wrap_mpc_open_bits(mpc *p, uint64_t *x, size_t n);

static void count(const mpc *p, const uint64_t *x, size_t n, unsigned width)
{
    if (!seen.on || p->phase != MPC_EVALUATE || p->server != 0) {
        return;
    }
    assert_true(seen.at < MOST);
    kind *k = &seen.kinds[seen.at++];
    seen.n = seen.at > seen.n ? seen.at : seen.n;
    const unsigned down = width - BINS_LOG;
    const bool again = k->last != NULL;
    assert_true(!again || (k->n == n && k->width == width));
    if (!again) {
        k->last = calloc(n, sizeof *k->last);
        k->n = n;
        k->width = width;
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t m = x[i], between = m - k->last[i];
        k->count[0][m >> down]++;
        k->count[1][m % BINS]++;
        if (again) {
            k->count[2][(between & ring_mask(width)) >> down]++;
            k->count[3][between % BINS]++;
        }
        k->last[i] = m;
    }
}

status __wrap_mpc_open(mpc *p, const opening *o, size_t n)
{
    TRY(__real_mpc_open(p, o, n));
    for (size_t i = 0; i < n; i++) {
        count(p, o[i].x->masked, o[i].x->n, o[i].x->width);
    }
    return OK;
}

/* Bits of comparisons, 64 a word. */
status __wrap_mpc_open_bits(mpc *p, uint64_t *x, size_t n)
{
    TRY(__real_mpc_open_bits(p, x, n));
    count(p, x, n, 64);
    return OK;
}

/* How many deviations the chi-square of these counts is from what it is on average. */
static double deviation(const size_t bins[BINS])
{
    double total = 0, chi = 0;
    for (size_t i = 0; i < BINS; i++) {
        total += (double)bins[i];
    }
    for (size_t i = 0; i < BINS; i++) {
        const double expected = total / BINS, off = (double)bins[i] - expected;
        chi += off * off / expected;
    }
    return (chi - (BINS - 1)) / sqrt(2.0 * (BINS - 1));
}

static double worst(void)
{
    double z = 0;
    for (size_t k = 0; k < seen.n; k++) {
        for (size_t t = 0; t < TESTS; t++) {
            z = fmax(z, deviation(seen.kinds[k].count[t]));
        }
    }
    return z;
}

static void forget(void)
{
    for (size_t k = 0; k < seen.n; k++) {
        free(seen.kinds[k].last);
    }
    memset(&seen, 0, sizeof seen);
}

/* One in a billion for each test: a chi-square of 15 degrees of freedom beyond 15 + 11 √30. */
static const double bound = 11;

static void check(const char *name)
{
    calibrated c;
    mpc_local *parties;
    error err = {0};
    const mpc_local_options o = {.threads = 1, .ahead = MPC_LOCAL_AHEAD};
    calibrated_open(&c, name, 4);
    float *out = calloc(c.n, sizeof *out);
    if (mpc_local_new(&parties, c.m, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    for (size_t run = 0; run < RUNS; run++) {
        seen.at = 0;
        seen.on = true;
        if (mpc_local_forward(parties, out, &c.in, &err) != OK) {
            fail_msg("%s", err.text);
        }
    }
    mpc_local_free(parties);
    const double z = worst();
    print_message("%s: %zu openings, largest deviation %.2f\n", name, seen.n, z);
    assert_true(seen.n > 20);
    assert_true(z < bound);
    forget();
    free(out);
    calibrated_close(&c);
}

static void test_inferences(void **state)
{
    (void)state;
    check("recipe-secformer");
    check("recipe-freediv-2quad-kappa");
    check("bert-sequence");
}

/* ---- The control: the same statistics on one wire whose masks lack their highest bit */

enum { WORDS = 100, WIDTH = 16 };

static bool short_masks;

void __real_prg_bytes(prg *p, void *out, size_t n);
void __wrap_prg_bytes(prg *p, void *out, size_t n);

void __wrap_prg_bytes(prg *p, void *out, size_t n)
{
    __real_prg_bytes(p, out, n);
    for (size_t i = 1; short_masks && i < n; i += 2) { /* words of 16 bits, little-endian */
        ((uint8_t *)out)[i] &= 0x7f;
    }
}

static status open_one(mpc *p, walks *w)
{
    static const uint64_t x[WORDS];
    wire *y = walks_input(p, w, x, WORDS, WIDTH, 0);
    const status st = __wrap_mpc_open(p, &(opening){.x = y, .width = WIDTH}, 1);
    wire_drop(p, y);
    return st;
}

static double one_wire(bool faulty)
{
    short_masks = faulty;
    for (size_t run = 0; run < RUNS; run++) {
        walks w = {0};
        seen.at = 0;
        seen.on = true;
        walks_run(&w, open_one);
        walks_clear(&w);
    }
    short_masks = false;
    const double z = worst();
    forget();
    return z;
}

static void test_short_masks_are_noticed(void **state)
{
    (void)state;
    assert_true(one_wire(false) < bound);
    const double z = one_wire(true);
    print_message("masks one bit short: %.2f\n", z);
    assert_true(z > 10 * bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inferences),
        cmocka_unit_test(test_short_masks_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
