/* Look-ups at the widths of real plans: a million values each within the bounds that the series
 * states, odd lengths, and what they cost. */
#include <math.h>

#include "mpc/fit.h"
#include "support/walks.h"
#include "test.h"

enum { PIECE = 100003, PIECES = 10, RING = 64 }; /* PIECE is no multiple of a block */

typedef struct {
    lookup t;
    size_t n;
    const double *gain;
    uint64_t x[PIECE];
} input;

static status apply(mpc *p, walks *w)
{
    const input *in = w->ctx;
    const unsigned width = lookup_width(&in->t);
    wire *x = walks_input(p, w, in->x, in->n, width, 0), *y;
    const unsigned grow = in->t.alpha != 0 ? in->t.bits : 0;
    TRY(mpc_open(p, &(opening){.x = x, .width = width, .grow = grow}, 1));
    const mpc_cost before = p->cost;
    TRY(mpc_lookup(p, &y, x, &in->t, in->gain));
    assert_int_equal(p->cost.rounds, before.rounds);
    size_t bytes = 0;
    for (size_t k = 0; k < in->t.terms; k++) {
        const unsigned bits = lookup_word_bits(&in->t, k);
        const size_t rest = in->n % LOOKUP_BLOCK;
        bytes += 2 * (in->n / LOOKUP_BLOCK * ring_packed_bytes(LOOKUP_BLOCK, bits) +
                      ring_packed_bytes(rest, bits));
    }
    assert_int_equal(p->cost.dealt_bytes - before.dealt_bytes, bytes);
    assert_int_equal(y->bits, in->t.bits);
    assert_int_equal(y->frac, in->t.frac);
    walks_output(p, w, 0, y);
    wire_drop(p, x);
    return OK;
}

typedef struct {
    mpc_series s;
    mpc_widths w;
    unsigned period_bits;
    input in;
} plan;

static plan *plan_new(mpc_function f, double lo, double hi, double wanted, double noise,
                      unsigned dealt_frac, unsigned period_bits)
{
    plan *q = calloc(1, sizeof *q);
    error err = {0};
    const mpc_fit_limits limits = {.dealt_frac = dealt_frac, .max_terms = 256};
    if (mpc_fit(&q->s, f, lo, hi, wanted, &limits, &err) != OK ||
        mpc_series_widths(&q->w, &q->s, noise, &err) != OK) {
        fail_msg("%s", err.text);
    }
    q->period_bits = period_bits;
    q->in.t = (lookup){.period_bits = period_bits,
                       .bits = RING,
                       .frac = q->w.scale,
                       .terms = q->s.n,
                       .every = (unsigned)(q->s.harmonic[1] - q->s.harmonic[0]),
                       .a0 = q->s.constant,
                       .alpha = q->s.slope * q->s.period / (double)(UINT64_C(1) << period_bits),
                       .a = q->s.a,
                       .b = q->s.b,
                       .word_frac = q->w.word,
                       .coef_frac = q->w.coef};
    return q;
}

/* Words between the ends of the range, and these. */
static void fill(plan *q, prg *g)
{
    const double unit = ldexp(q->s.period, -(int)q->period_bits);
    const int64_t lo = (int64_t)ceil(q->s.lo / unit), hi = (int64_t)floor(q->s.hi / unit);
    for (size_t i = 0; i < q->in.n; i++) {
        const uint64_t at = i < 2 ? i * (uint64_t)(hi - lo) : prg_below(g, (uint64_t)(hi - lo) + 1);
        q->in.x[i] = (uint64_t)lo + at;
    }
}

typedef struct {
    double worst, squares; /* beyond the bound of the fit; of rounding alone */
    size_t n;
} spread;

static void measure(const plan *q, const walks *w, spread *e)
{
    for (size_t i = 0; i < q->in.n; i++) {
        const double z = ldexp((double)(int64_t)q->in.x[i], -(int)q->period_bits) * q->s.period;
        const double gain = q->in.gain ? q->in.gain[i] : 1;
        const double got = ldexp((double)walks_signed(w, 0, i), -(int)q->in.t.frac);
        const double off = got - gain * mpc_series_at(&q->s, z);
        const double by = mpc_function_weight(q->s.f, z, q->s.hi);
        const double all = by * fabs(got - gain * mpc_function_at(q->s.f, z));
        e->worst = fmax(e->worst, all - gain * q->s.max_error);
        e->squares += off * off;
        e->n++;
    }
}

/* Rounding alone brings about the noise that the widths state, and never seven times as much. */
static void check(plan *q, const double *gain, uint8_t seed)
{
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){18, seed}, "test", NULL);
    spread e = {0};
    q->in.n = PIECE;
    q->in.gain = gain;
    for (int k = 0; k < PIECES; k++) {
        walks w = {.ctx = &q->in, .threads = 2};
        fill(q, g);
        walks_run(&w, apply);
        assert_int_equal(w.cost.rounds, 1);
        measure(q, &w, &e);
        walks_clear(&w);
    }
    const double rms = sqrt(e.squares / (double)e.n);
    print_message("%s: %zu terms, fit %.2g, noise %.2g; measured %.2g, %.2g beyond the fit\n",
                  mpc_function_name(q->s.f), q->s.n, q->s.max_error, q->w.noise, rms, e.worst);
    assert_true(e.n >= 1000000);
    assert_true(rms < 1.1 * q->w.noise);
    assert_true(e.worst < 7 * q->w.noise);
    prg_free(g);
}

static void test_gelu(void **state)
{
    (void)state;
    plan *q = plan_new(MPC_GELU, -9, 9, 2e-4, 1.5e-4, 16, 18);
    check(q, NULL, 0);
    free(q);
}

static void test_tanh(void **state)
{
    (void)state;
    plan *q = plan_new(MPC_TANH, -7, 7, 2e-4, 1.5e-4, 16, 18);
    check(q, NULL, 1);
    free(q);
}

/* With gains, as variances have them. */
static void test_rsqrt(void **state)
{
    (void)state;
    plan *q = plan_new(MPC_RSQRT, 1.0 / 64, 1, 5e-5, 2e-5, 28, 24);
    double *gain = calloc(PIECE, sizeof *gain);
    for (size_t i = 0; i < PIECE; i++) {
        gain[i] = i % 3 ? 0.75 : 0.9375;
    }
    check(q, gain, 2);
    free(gain);
    free(q);
}

static void test_reciprocal(void **state)
{
    (void)state;
    plan *q = plan_new(MPC_RECIPROCAL, 1.0 / 32, 1, 5e-5, 2e-5, 28, 20);
    check(q, NULL, 3);
    free(q);
}

/* Every length about a block's. */
static void test_tails(void **state)
{
    (void)state;
    plan *q = plan_new(MPC_GELU, -4, 4, 1e-2, 1e-3, 16, 12);
    prg *g = prg_new((const uint8_t[PRG_SEED_BYTES]){19}, "test", NULL);
    for (q->in.n = 2; q->in.n <= 2 * LOOKUP_BLOCK + 3; q->in.n++) {
        spread e = {0};
        walks w = {.ctx = &q->in, .threads = q->in.n % 3 + 1};
        fill(q, g);
        walks_run(&w, apply);
        measure(q, &w, &e);
        assert_true(e.worst < 7 * q->w.noise);
        walks_clear(&w);
    }
    prg_free(g);
    free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gelu),  cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_rsqrt), cmocka_unit_test(test_reciprocal),
        cmocka_unit_test(test_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
