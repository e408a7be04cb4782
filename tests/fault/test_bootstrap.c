/* Bootstrapping where memory fails: every failure is told, and nothing is held. */
#include "fault/exhaust.h"

#include "ckks/ckks.h"

enum { LOG_N = 8, LOG_SLOTS = 2 };

/* What stays: test_ckks.c has failures of these. */
typedef struct {
    ckks_context *ctx;
    ckks_secret secret;
    ckks_bootstrap_keys keys;
} fixture;

typedef struct {
    ckks c;
    ckks_bootstrap b;
    ckks_capsule capsule;
    ckks_plain plain;
    ckks_cipher x, z;
} life;

static void end(life *l)
{
    ckks_cipher_clear(&l->x);
    ckks_cipher_clear(&l->z);
    ckks_plain_clear(&l->plain);
    ckks_capsule_clear(&l->capsule);
    ckks_bootstrap_clear(&l->b);
    ckks_close(&l->c);
}

static status work(life *l, const fixture *f, error *err)
{
    static const double slots[1 << LOG_SLOTS] = {0.5, 0.75, 1, 0.625};
    TRY(ckks_open(&l->c, f->ctx, NULL, err));
    TRY(ckks_bootstrap_new(&l->c, &l->b, LOG_SLOTS, 1, 0));
    TRY(ckks_capsule_new(&l->c, &l->capsule, &f->secret));
    const size_t limbs = l->b.in_limbs + 1;
    const ckks_encoding how = {
        .log_slots = LOG_SLOTS, .n_limbs = limbs, .scale = f->ctx->level[limbs].scale};
    TRY(ckks_encode(&l->c, &l->plain, slots, NULL, &how));
    TRY(ckks_cipher_new(&l->x, f->ctx, limbs, 2, err));
    TRY(ckks_cipher_new(&l->z, f->ctx, l->b.out_limbs, 2, err));
    TRY(ckks_encrypt(&l->c, &l->x, &l->plain, &f->secret, NULL));
    const ckks_bootstrap_keys keys = {.capsule = l->capsule, .keys = f->keys.keys};
    return ckks_bootstrap_run_twice(&l->c, &l->z, &l->x, &l->b, &keys, 14);
}

static status live(void *ctx, error *err)
{
    life l = {0};
    const status st = work(&l, ctx, err);
    end(&l);
    return st;
}

static void begin(fixture *f, error *err)
{
    static const ckks_bootstrap_wish wish = {
        .log_n = LOG_N, .levels = 1, .n_matrices = 1, .insecure = true};
    static const uint8_t seed[PRG_SEED_BYTES] = {1};
    ckks_params p;
    ckks c;
    ckks_bootstrap b;
    isa level;
    assert_int_equal(cpu_pick(&level, err), OK);
    assert_int_equal(ckks_bootstrap_params(&p, &wish, err), OK);
    assert_int_equal(ckks_context_new(&f->ctx, &p, ckks_kernels_for(level), err), OK);
    assert_int_equal(ckks_open(&c, f->ctx, NULL, err), OK);
    assert_int_equal(ckks_secret_new(&c, &f->secret, seed), OK);
    assert_int_equal(ckks_bootstrap_new(&c, &b, LOG_SLOTS, 1, 0), OK);
    assert_int_equal(ckks_bootstrap_keys_new(&c, &f->keys, &b, &f->secret), OK);
    ckks_bootstrap_clear(&b);
    ckks_close(&c);
}

static void test_every_failure_is_told(void **state)
{
    fixture f;
    error err;
    (void)state;
    begin(&f, &err);
    exhaust(live, &f, FAULT_MEMORY, false);
    exhaust(live, &f, FAULT_MEMORY, true);
    ckks_bootstrap_keys_clear(&f.keys);
    ckks_secret_clear(&f.secret);
    ckks_context_free(f.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
