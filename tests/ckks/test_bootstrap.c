/* Bootstrapping against what was encrypted. The rings are too small to be secure. */
#include <math.h>
#include <stdio.h>

#include "test.h"

#include "base/mem.h"
#include "ckks/bootstrap.h"
#include "support/ckks_world.h"

typedef struct {
    world w;
    ckks_bootstrap b;
    ckks_bootstrap_keys keys;
} booted;

static void begin(booted *t, unsigned log_n, unsigned log_slots, unsigned n_matrices)
{
    const ckks_bootstrap_wish wish = {.log_n = log_n, .levels = 3, .n_matrices = n_matrices};
    ckks_params p;
    error err;
    assert_int_equal(ckks_bootstrap_params(&p, &wish, &err), OK);
    p.insecure = true;
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
                 double bits)
{
    const double off = world_error(&t->w, z, x, log_slots);
    if (getenv("SHOW")) printf("2^%u slots: off by 2^%.1f\n", log_slots, log2(off));
    if (!(off < ldexp(1, -(int)bits))) {
        fail_msg("2^%u slots of 2^%u: off by 2^%.1f", log_slots, t->w.ctx->params.log_n,
                 log2(off));
    }
}

static void once(unsigned log_n, unsigned log_slots, unsigned n_matrices)
{
    booted t;
    begin(&t, log_n, log_slots, n_matrices);
    double complex *x = world_slots(&t.w, log_slots, 1, false);
    ckks_cipher c, z = world_room(&t.w, t.b.out_limbs);
    world_encrypt(&t.w, &c, x, log_slots, t.b.in_limbs);
    world_ok(&t.w, ckks_bootstrap_run(&t.w.c, &z, &c, &t.b, &t.keys));
    assert_int_equal(z.n_limbs, t.b.out_limbs);
    assert_true(z.scale == t.w.ctx->level[z.n_limbs].scale);
    near(&t, &z, x, log_slots, 17);
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    mem_free(x);
    end(&t);
}

static void test_once(void **state)
{
    (void)state;
    once(11, 10, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
