/* Encoding against the definition in long double, exhaustively where the ring is small, and what is
 * drawn against its distribution. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "ckks/ntt.h"
#include "ckks/sample.h"
#include "support/ckks_world.h"

/* Slot j of a polynomial: its value at zeta^(5^j), by the sum itself. */
static long double complex slot(const int64_t *m, size_t n, size_t j)
{
    long double complex sum = 0;
    size_t power = 1;
    for (size_t i = 0; i < j; i++) {
        power = power * 5 % (2 * n);
    }
    for (size_t k = 0; k < n; k++) {
        const long double angle = 2 * acosl(-1) * (long double)(power * k % (2 * n)) / (2 * n);
        sum += (long double)m[k] * (cosl(angle) + I * sinl(angle));
    }
    return sum;
}

/* Coefficients that a plaintext of one limb holds, centred. */
static void coefficients(world *w, int64_t *out, const ckks_plain *x, size_t n)
{
    const ckks_basis b = ckks_limbs_basis(w->ctx, 1);
    const int64_t q = (int64_t)ckks_limb_prime(w->ctx, 0);
    const ckks_ring *r = n == w->ctx->n ? w->ctx->ring : w->ctx->subring[x->log_n];
    uint64_t *z = mem_new(n, sizeof *z);
    assert_non_null(z);
    memcpy(z, x->words, n * sizeof *z);
    ckks_ntt_inverse(r, NULL, &b, z);
    for (size_t i = 0; i < n; i++) {
        out[i] = (int64_t)z[i] > q / 2 ? (int64_t)z[i] - q : (int64_t)z[i];
    }
    mem_free(z);
}

static void test_all_signs_of_a_small_ring(void **state)
{
    world w;
    const ckks_params p = world_params(3, 1, 40, 1);
    const double value[3] = {-1, 0, 1}, scale = 0x1p40;
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    for (size_t i = 0; i < 6561; i++) { /* 3^8: real and imaginary parts of four slots */
        double complex x[4];
        size_t rest = i;
        for (size_t j = 0; j < 4; j++, rest /= 9) {
            x[j] = value[rest % 3] + I * value[rest / 3 % 3];
        }
        ckks_plain plain;
        int64_t m[8];
        double re[4], im[4];
        world_encode(&w, &plain, x, 2, 1, scale);
        coefficients(&w, m, &plain, 8);
        world_ok(&w, ckks_decode(&w.c, re, im, &plain));
        for (size_t j = 0; j < 4; j++) {
            assert_true(cabsl(slot(m, 8, j) / scale - x[j]) <= 4 / scale);
            assert_true(cabs(re[j] + I * im[j] - x[j]) <= 4.01 / scale);
        }
        ckks_plain_clear(&plain);
    }
    world_end(&w);
}

static void precise(unsigned log_n, unsigned log_slots)
{
    world w;
    const ckks_params p = world_params(log_n, 2, 45, 1);
    const size_t n = (size_t)1 << log_slots;
    const double scale = 0x1p45;
    world_begin(&w, &p, NULL, 0, false);
    double complex *x = world_slots(&w, log_slots, 1, false);
    ckks_plain plain;
    world_encode(&w, &plain, x, log_slots, 1, scale);
    const size_t own = (size_t)1 << plain.log_n;
    assert_true(plain.log_n == log_n || plain.log_n == log_slots + 1);
    int64_t *m = mem_new(own, sizeof *m);
    double *back = mem_new(2 * n, sizeof *back);
    assert_non_null(m);
    assert_non_null(back);
    coefficients(&w, m, &plain, own);
    world_ok(&w, ckks_decode(&w.c, back, back + n, &plain));
    const double bound = (double)n / scale + 0x1p-46;
    for (size_t j = 0; j<n; j += n> 64 ? n / 16 + 1 : 1) {
        assert_true(cabsl(slot(m, own, j) / scale - x[j]) <= bound);
        assert_true(cabs(back[j] + I * back[n + j] - x[j]) <= bound + 0x1p-44);
    }
    mem_free(m);
    mem_free(back);
    mem_free(x);
    ckks_plain_clear(&plain);
    world_end(&w);
}

static void test_precision(void **state)
{
    (void)state;
    for (unsigned log_slots = 0; log_slots < 12; log_slots++) {
        precise(12, log_slots);
    }
    precise(15, 14);
}

static void test_what_cannot_be_encoded(void **state)
{
    world w;
    const ckks_params p = world_params(4, 1, 40, 1);
    double x[8] = {0x1p30};
    ckks_plain plain;
    (void)state;
    world_begin(&w, &p, NULL, 0, false);
    ckks_encoding how = {.log_slots = 3, .n_limbs = 1, .scale = 0x1p40};
    assert_int_equal(ckks_encode(&w.c, &plain, x, NULL, &how), ERR_PRECISION);
    assert_null(plain.words);
    x[0] = NAN;
    assert_int_equal(ckks_encode(&w.c, &plain, x, NULL, &how), ERR_PRECISION);
    x[0] = INFINITY;
    assert_int_equal(ckks_encode(&w.c, &plain, x, NULL, &how), ERR_PRECISION);
    x[0] = 1;
    how.scale = 0.5;
    assert_int_equal(ckks_encode(&w.c, &plain, x, NULL, &how), ERR_USAGE);
    how.scale = 0x1p55; /* more than q_0: encoded, but not to be decoded */
    world_ok(&w, ckks_encode(&w.c, &plain, x, NULL, &how));
    assert_int_equal(ckks_decode(&w.c, x, NULL, &plain), ERR_PRECISION);
    ckks_plain_clear(&plain);
    world_end(&w);
}

enum { DRAWN = 1 << 18 };

static prg *stream(void)
{
    static const uint8_t seed[PRG_SEED_BYTES] = {3};
    prg *p = prg_new(seed, "test", NULL);
    assert_non_null(p);
    return p;
}

/* Counts against probabilities: chi-square of so many classes stays below a bound that chance
 * passes once in a million times. */
static void fits(const size_t *count, const double *probability, size_t classes, double bound)
{
    double chi = 0;
    for (size_t i = 0; i < classes; i++) {
        const double wanted = probability[i] * DRAWN;
        chi += (count[i] - wanted) * (count[i] - wanted) / wanted;
    }
    assert_true(chi < bound);
}

static void test_distributions(void **state)
{
    static const double third[3] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
    int8_t *x = mem_new(DRAWN, 1);
    size_t ternary[3] = {0}, errors[19] = {0};
    double binomial[19] = {0};
    prg *p = stream();
    (void)state;
    assert_non_null(x);
    ckks_sample_ternary(p, x, DRAWN);
    for (size_t i = 0; i < DRAWN; i++) {
        assert_true(x[i] >= -1 && x[i] <= 1);
        ternary[x[i] + 1]++;
    }
    fits(ternary, third, 3, 27.6);

    /* C(42, 21 + k) / 2^42; what is beyond 9 counts at the ends. */
    ckks_sample_error(p, x, DRAWN);
    for (size_t i = 0; i < DRAWN; i++) {
        assert_true(x[i] >= -CKKS_ERROR_BITS && x[i] <= CKKS_ERROR_BITS);
        errors[x[i] < -9 ? 0 : x[i] > 9 ? 18 : x[i] + 9]++;
    }
    double choose = 0x1p-42;
    for (int k = 0; k <= 42; k++) {
        const int at = k - 21 < -9 ? 0 : k - 21 > 9 ? 18 : k - 21 + 9;
        binomial[at] += choose;
        choose = choose * (42 - k) / (k + 1);
    }
    fits(errors, binomial, 19, 61);
    prg_free(p);
    mem_free(x);
}

static void test_uniform_and_wide(void **state)
{
    enum { Q = 97 };
    uint64_t *x = mem_new(DRAWN, sizeof *x);
    size_t count[Q] = {0};
    double probability[Q], mean = 0, square = 0;
    prg *p = stream();
    (void)state;
    assert_non_null(x);
    ckks_sample_uniform(p, x, DRAWN, Q);
    for (size_t i = 0; i < DRAWN; i++) {
        assert_true(x[i] < Q);
        count[x[i]]++;
    }
    for (size_t i = 0; i < Q; i++) {
        probability[i] = 1.0 / Q;
    }
    fits(count, probability, Q, 175);

    const double sigma = 0x1p40;
    ckks_sample_wide(p, (int64_t *)x, DRAWN, sigma);
    for (size_t i = 0; i < DRAWN; i++) {
        const double y = (double)(int64_t)x[i] / sigma;
        assert_true(fabs(y) < 8.6);
        mean += y / DRAWN;
        square += y * y / DRAWN;
    }
    assert_true(fabs(mean) < 0.01);
    assert_true(fabs(square - 1) < 0.014);
    prg_free(p);
    mem_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_signs_of_a_small_ring), cmocka_unit_test(test_precision),
        cmocka_unit_test(test_what_cannot_be_encoded),    cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_uniform_and_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
