/* A whole inference between owner, two servers and dealer in one process where memory or threads
 * fail: nobody crashes, waits for ever or keeps anything, and the owner learns what it was. */
#include "fault/exhaust.h"

#include "mpc/fit.h"
#include "party/mpc_local.h"
#include "support/calibrated.h"

/* Fits are tested in test_mpc.c and take their time: each is made once, outside of all failures.
 * The linker brings the library's calls here. */
enum { MOST_FITS = 16 };

static struct {
    size_t n;
    mpc_series s[MOST_FITS];
    double wanted[MOST_FITS];
} fits;

status __real_mpc_fit(mpc_series *out, mpc_function f, double lo, double hi, double wanted_error,
                      const mpc_fit_limits *limits, error *err);
status __wrap_mpc_fit(mpc_series *out, mpc_function f, double lo, double hi, double wanted_error,
                      const mpc_fit_limits *limits, error *err);
status __wrap_mpc_fit(mpc_series *out, mpc_function f, double lo, double hi, double wanted_error,
                      const mpc_fit_limits *limits, error *err)
{
    for (size_t i = 0; i < fits.n; i++) {
        const mpc_series *s = &fits.s[i];
        if (s->f == f && s->lo == lo && s->hi == hi && fits.wanted[i] == wanted_error) {
            *out = *s;
            return OK;
        }
    }
    TRY(__real_mpc_fit(out, f, lo, hi, wanted_error, limits, err));
    assert_true(fits.n < MOST_FITS);
    fits.s[fits.n] = *out;
    fits.wanted[fits.n++] = wanted_error;
    return OK;
}

static status infer(void *ctx, error *err)
{
    const calibrated *c = ctx;
    const mpc_local_options o = {.threads = 1};
    mpc_local *parties;
    float out[64];
    assert_true(c->n <= sizeof out / sizeof *out);
    TRY(mpc_local_new(&parties, c->m, &o, err));
    const status st = mpc_local_forward(parties, out, &c->in, err);
    mpc_local_free(parties);
    return st;
}

static void check(const char *name)
{
    calibrated c;
    calibrated_open(&c, name, 1);
    exhaust(infer, &c, FAULT_MEMORY, false);
    exhaust(infer, &c, FAULT_MEMORY, true);
    exhaust(infer, &c, FAULT_THREADS, false);
    calibrated_close(&c);
}

static void test_freediv(void **state)
{
    (void)state;
    check("recipe-freediv-2quad-kappa");
}

/* Comparisons, maxima, look-ups. */
static void test_exact(void **state)
{
    (void)state;
    calibrated c;
    calibrated_open(&c, "bert-sequence", 1);
    exhaust(infer, &c, FAULT_MEMORY, false);
    calibrated_close(&c);
}

/* Tables of embeddings that are measured, shared and looked up in. */
static status embed(void *ctx, error *err)
{
    const calibrated *c = ctx;
    const mpc_local_options o = {.threads = 1, .oblivious = true, .asks.label = true};
    mpc_local *parties;
    float out[64];
    TRY(mpc_local_new(&parties, c->m, &o, err));
    const status st = mpc_local_forward(parties, out, &c->in, err);
    mpc_local_free(parties);
    return st;
}

static void test_oblivious(void **state)
{
    (void)state;
    calibrated c;
    calibrated_open(&c, "recipe-freediv-2quad-kappa", 1);
    exhaust(embed, &c, FAULT_MEMORY, false);
    calibrated_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freediv),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_oblivious),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
