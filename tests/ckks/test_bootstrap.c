/* Bootstrapping against what was encrypted. The rings are too small to be secure. */
#include <math.h>
#include <string.h>

#include "test.h"

#include "base/mem.h"
#include "ckks/bootstrap.h"
#include "ckks/kernels.h"
#include "ckks/sample.h"
#include "ckks/sine.h"
#include "ckks/store.h"
#include "support/ckks_world.h"

typedef struct {
    world w;
    ckks_bootstrap b;
    ckks_bootstrap_keys keys;
} booted;

static void begin(booted *t, unsigned log_n, unsigned log_slots, unsigned n_matrices)
{
    const ckks_bootstrap_wish wish = {
        .log_n = log_n, .levels = 3, .n_matrices = n_matrices, .insecure = true};
    ckks_params p;
    error err;
    assert_int_equal(ckks_bootstrap_params(&p, &wish, &err), OK);
    world_begin(&t->w, &p, NULL, 0, false);
    world_ok(&t->w, ckks_bootstrap_new(&t->w.c, &t->b, log_slots, n_matrices, 0));
    world_ok(&t->w, ckks_bootstrap_keys_new(&t->w.c, &t->keys, &t->b, &t->w.secret));
    assert_int_equal(t->b.in_limbs, n_matrices + 1);
    assert_int_equal(t->b.out_limbs, 1 + n_matrices + 3);
}

static void end(booted *t)
{
    ckks_bootstrap_keys_clear(&t->keys);
    ckks_bootstrap_clear(&t->b);
    world_end(&t->w);
}

static void near(booted *t, const ckks_cipher *z, const double complex *x, unsigned log_slots,
                 int bits)
{
    const double off = world_error(&t->w, z, x, log_slots);
    if (!(off < ldexp(1, -bits))) {
        fail_msg("2^%u slots of 2^%u: off by 2^%.1f", log_slots, t->w.ctx->params.log_n, log2(off));
    }
}

static void once(unsigned log_n, unsigned log_slots, unsigned n_matrices, size_t more_limbs)
{
    booted t;
    begin(&t, log_n, log_slots, n_matrices);
    double complex *x = world_slots(&t.w, log_slots, 1, false);
    ckks_cipher c, z = world_room(&t.w, t.b.out_limbs);
    world_encrypt(&t.w, &c, x, log_slots, t.b.in_limbs + more_limbs);
    world_ok(&t.w, ckks_bootstrap_run(&t.w.c, &z, &c, &t.b, &t.keys));
    assert_int_equal(z.n_limbs, t.b.out_limbs);
    assert_true(z.scale == t.w.ctx->level[z.n_limbs].scale);
    near(&t, &z, x, log_slots, 18);
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    mem_free(x);
    end(&t);
}

static void test_once(void **state)
{
    (void)state;
    once(11, 10, 3, 0);
    once(10, 9, 2, 2);
    once(9, 8, 4, 1);
}

/* Slots that repeat: what raising brings elsewhere is summed away. */
static void test_few_slots(void **state)
{
    (void)state;
    once(10, 8, 3, 0);
    once(10, 5, 2, 1);
    once(9, 1, 1, 0);
}

static void test_real(void **state)
{
    booted t;
    (void)state;
    begin(&t, 10, 9, 3);
    double complex *x[2] = {world_slots(&t.w, 9, 1, true), world_slots(&t.w, 9, 1, true)};
    ckks_cipher c[2], z[2] = {world_room(&t.w, t.b.out_limbs), world_room(&t.w, t.b.out_limbs)};
    world_encrypt(&t.w, &c[0], x[0], 9, t.b.in_limbs);
    world_encrypt(&t.w, &c[1], x[1], 9, t.b.in_limbs + 1);
    world_ok(&t.w, ckks_bootstrap_run_real(&t.w.c, &z[0], &c[0], &t.b, &t.keys));
    near(&t, &z[0], x[0], 9, 18);
    world_ok(&t.w, ckks_bootstrap_run_two(&t.w.c, z, c, &t.b, &t.keys));
    for (size_t i = 0; i < 2; i++) {
        near(&t, &z[i], x[i], 9, 18);
        ckks_cipher_clear(&c[i]);
        ckks_cipher_clear(&z[i]);
        mem_free(x[i]);
    }
    end(&t);
}

static void test_twice(void **state)
{
    booted t;
    (void)state;
    begin(&t, 10, 9, 3);
    double complex *x = world_slots(&t.w, 9, 1, false);
    ckks_cipher c, z = world_room(&t.w, t.b.out_limbs - 1);
    world_encrypt(&t.w, &c, x, 9, t.b.in_limbs + 1);
    world_ok(&t.w, ckks_bootstrap_run_twice(&t.w.c, &z, &c, &t.b, &t.keys, 14));
    assert_int_equal(z.n_limbs, t.b.out_limbs - 1);
    near(&t, &z, x, 9, 30);
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    mem_free(x);
    end(&t);
}

/* A chain of bootstraps and products with slots of absolute value 1: errors add up. */
static void test_chain(void **state)
{
    enum { LINKS = 20, SLOTS = 1 << 8 };
    booted t;
    (void)state;
    begin(&t, 9, 8, 3);
    double complex *x = world_slots(&t.w, 8, 1, false), *u = world_slots(&t.w, 8, 1, false);
    for (size_t j = 0; j < SLOTS; j++) {
        u[j] /= cabs(u[j]);
    }
    ckks_cipher c, by, z = world_room(&t.w, t.b.out_limbs);
    world_encrypt(&t.w, &c, x, 8, t.b.in_limbs);
    world_encrypt(&t.w, &by, u, 8, t.b.out_limbs);
    world_ok(&t.w, ckks_copy(&t.w.c, &z, &c, c.n_limbs));
    for (size_t i = 0; i < LINKS; i++) {
        world_ok(&t.w, ckks_bootstrap_run(&t.w.c, &z, &z, &t.b, &t.keys));
        world_ok(&t.w, ckks_multiply(&t.w.c, &z, &z, &by, &t.keys.keys));
        for (size_t j = 0; j < SLOTS; j++) {
            x[j] *= u[j];
        }
    }
    near(&t, &z, x, 8, 14); /* LINKS times 2^-18 is 2^-13.7 */
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&by);
    ckks_cipher_clear(&z);
    mem_free(x);
    mem_free(u);
    end(&t);
}

/* The same words from every table of kernels, with threads and without. */
static void test_same_everywhere(void **state)
{
    booted t;
    (void)state;
    begin(&t, 9, 8, 3);
    double complex *x = world_slots(&t.w, 8, 1, false);
    ckks_cipher c, first = world_room(&t.w, t.b.out_limbs);
    world_encrypt(&t.w, &c, x, 8, t.b.in_limbs);
    world_ok(&t.w, ckks_bootstrap_run(&t.w.c, &first, &c, &t.b, &t.keys));
    const ckks_params p = t.w.ctx->params;
    const ckks_kernels *k;
    for (size_t i = 0; (k = ckks_kernels_nth(i)); i++) {
        booted o = {.w = {.state = t.w.state}};
        uint8_t seed[PRG_SEED_BYTES];
        memcpy(seed, t.w.secret.seed, sizeof seed);
        world_ok(&o.w, ckks_context_new(&o.w.ctx, &p, k, &o.w.err));
        world_ok(&o.w, ckks_open(&o.w.c, o.w.ctx, NULL, &o.w.err));
        world_ok(&o.w, ckks_secret_new(&o.w.c, &o.w.secret, seed));
        world_ok(&o.w, ckks_bootstrap_new(&o.w.c, &o.b, 8, 3, 0));
        world_ok(&o.w, ckks_bootstrap_keys_new(&o.w.c, &o.keys, &o.b, &o.w.secret));
        ckks_cipher in, z = world_room(&o.w, o.b.out_limbs);
        world_encrypt(&o.w, &in, x, 8, o.b.in_limbs);
        world_ok(&o.w, ckks_bootstrap_run(&o.w.c, &z, &in, &o.b, &o.keys));
        for (size_t h = 0; h < 2; h++) {
            assert_memory_equal(z.part[h], first.part[h], z.n_limbs * o.w.ctx->n * 8);
        }
        ckks_cipher_clear(&in);
        ckks_cipher_clear(&z);
        end(&o);
    }
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&first);
    mem_free(x);
    end(&t);
}

/* Coefficients of what raising gives are small multiples of q_0: exactly 32 places of the sparse
 * secret are not zero. */
static void test_sparse_secret(void **state)
{
    static int64_t x[1024];
    static size_t often[16];
    const uint8_t seed[PRG_SEED_BYTES] = {9};
    error err;
    (void)state;
    prg *p = prg_new(seed, "test", &err);
    assert_non_null(p);
    for (size_t run = 0; run < 200; run++) {
        size_t weight = 0;
        int64_t sum = 0;
        ckks_sample_sparse(p, x, 1024, 32);
        for (size_t i = 0; i < 1024; i++) {
            assert_true(x[i] >= -1 && x[i] <= 1);
            weight += x[i] != 0;
            sum += x[i];
            often[i / 64] += x[i] != 0;
        }
        assert_int_equal(weight, 32);
        assert_true(sum > -32 && sum < 32);
    }
    for (size_t i = 0; i < 16; i++) {
        assert_in_range(often[i], 400 - 120, 400 + 120); /* six deviations */
    }
    prg_free(p);
}

static void test_sine(void **state)
{
    ckks_series s;
    error err;
    (void)state;
    assert_int_equal(ckks_sine_series(&s, CKKS_BOOTSTRAP_DEGREE, CKKS_BOOTSTRAP_DOUBLINGS, &err),
                     OK);
    const double bound = ckks_sine_error(CKKS_BOOTSTRAP_DEGREE, CKKS_BOOTSTRAP_DOUBLINGS);
    double worst = 0;
    for (int i = -1000; i <= 1000; i++) {
        const double u = i / 1000.0, x = u * CKKS_SINE_REACH;
        const double t = acos(-1) / 2 + 2 * acos(-1) * (x - 0.25) / 32;
        worst = fmax(worst, fabs(ckks_series_at(&s, u) - cos(t)));
    }
    assert_true(worst <= bound && worst > bound / 10);
    assert_true(bound < ldexp(1, -34));
    ckks_series_clear(&s);
}

static void test_refused(void **state)
{
    booted t;
    ckks_bootstrap b;
    (void)state;
    begin(&t, 9, 8, 3);
    const ckks_bootstrap_wish deep = {.levels = 60}, many = {.n_matrices = 5};
    ckks_params p;
    assert_int_equal(ckks_bootstrap_params(&p, &deep, &t.w.err), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_params(&p, &many, &t.w.err), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_new(&t.w.c, &b, 8, 2, 0), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_new(&t.w.c, &b, 9, 3, 0), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_new(&t.w.c, &b, 2, 3, 0), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_new(&t.w.c, &b, 8, 3, 31), ERR_USAGE);
    ckks_cipher c, z = world_room(&t.w, t.b.out_limbs), low = world_room(&t.w, 2);
    double complex *x = world_slots(&t.w, 8, 1, false);
    world_encrypt(&t.w, &c, x, 8, t.b.in_limbs);
    assert_int_equal(ckks_bootstrap_run(&t.w.c, &low, &c, &t.b, &t.keys), ERR_USAGE);
    const ckks_bootstrap_keys none = {.capsule = t.keys.capsule};
    assert_int_equal(ckks_bootstrap_run(&t.w.c, &z, &c, &t.b, &none), ERR_USAGE);
    c.n_limbs--;
    assert_int_equal(ckks_bootstrap_run(&t.w.c, &z, &c, &t.b, &t.keys), ERR_USAGE);
    assert_int_equal(ckks_bootstrap_run_twice(&t.w.c, &z, &c, &t.b, &t.keys, 14), ERR_USAGE);
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    ckks_cipher_clear(&low);
    mem_free(x);
    end(&t);
}

/* Keys are cut to where they are used, and counted. */
static void test_keys(void **state)
{
    booted t;
    (void)state;
    begin(&t, 9, 8, 3);
    size_t bytes = ckks_capsule_bytes(&t.keys.capsule);
    for (size_t i = 0; i < t.keys.keys.n; i++) {
        const ckks_switch_key *k = &t.keys.keys.key[i];
        const bool sine =
            k->element == CKKS_RELINEARISE || k->element == ckks_conjugation_element(t.w.ctx);
        assert_true(k->n_limbs <= t.w.ctx->params.n_limbs);
        assert_true(!sine || k->n_limbs == t.w.ctx->params.n_limbs - 3);
        bytes += ckks_switch_key_bytes(t.w.ctx, k->n_limbs);
        bytes += k->permute ? 4 * t.w.ctx->n : 0;
    }
    assert_int_equal(ckks_bootstrap_keys_bytes(&t.keys), bytes);
    assert_true(t.keys.keys.n <= 2 + 3 * 8);
    end(&t);
}

/* Keys as bytes and back: the same results; what is not such bytes is refused. */
static void test_stored(void **state)
{
    booted t;
    ckks_capsule again;
    (void)state;
    begin(&t, 10, 9, 3);
    const size_t len = ckks_capsule_stored_bytes(t.w.ctx);
    uint8_t *bytes = mem_new(len, 1);
    assert_non_null(bytes);
    ckks_capsule_write(bytes, &t.keys.capsule);
    span in = {.data = bytes, .len = len};
    world_ok(&t.w, ckks_capsule_read(&t.w.c, &again, in));
    for (size_t h = 0; h < 2; h++) {
        assert_memory_equal(again.in.words[h], t.keys.capsule.in.words[h], 2 * 1024 * 8);
        assert_memory_equal(again.out.words[h], t.keys.capsule.out.words[h],
                            (1 + again.out.n_limbs) * 1024 * 8);
    }
    ckks_capsule_clear(&again);
    in.len--;
    assert_int_equal(ckks_capsule_read(&t.w.c, &again, in), ERR_ARTEFACT);
    in.len++;
    bytes[20] = 4; /* another kind */
    assert_int_equal(ckks_capsule_read(&t.w.c, &again, in), ERR_ARTEFACT);
    bytes[20] = 6;
    memset(bytes + CKKS_STORE_HEADER + PRG_SEED_BYTES, 0xff, 7); /* above its prime */
    assert_int_equal(ckks_capsule_read(&t.w.c, &again, in), ERR_ARTEFACT);
    uint8_t shape[CKKS_PARAMS_BYTES];
    ckks_context_write(shape, t.w.ctx);
    assert_int_equal(shape[CKKS_STORE_HEADER + 28], 12); /* wide limbs, and their bits */
    assert_int_equal(shape[CKKS_STORE_HEADER + 29], 50);
    mem_free(bytes);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),          cmocka_unit_test(test_few_slots),
        cmocka_unit_test(test_real),          cmocka_unit_test(test_twice),
        cmocka_unit_test(test_chain),         cmocka_unit_test(test_same_everywhere),
        cmocka_unit_test(test_sparse_secret), cmocka_unit_test(test_sine),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_keys),
        cmocka_unit_test(test_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
