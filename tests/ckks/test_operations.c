/* Operations that test_scheme.c leaves out, each within the error that noise.h says for it. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

enum { LOG_N = 8, LOG_SLOTS = LOG_N - 1, SLOTS = 1 << LOG_SLOTS, LIMBS = 4 };

static const int64_t steps[] = {1, 7, 0, -3};

typedef struct {
    world w;
    double complex *x, *y, z[SLOTS];
    ckks_cipher a, b, r;
    ckks_plain plain; /* of y */
    double scale, fresh;
} bed;

static void begin(bed *t)
{
    const ckks_params p = world_params(LOG_N, LIMBS, 40, 2);
    world_begin(&t->w, &p, steps, 4, true);
    t->x = world_slots(&t->w, LOG_SLOTS, 1, false);
    t->y = world_slots(&t->w, LOG_SLOTS, 1, false);
    t->scale = t->w.ctx->level[LIMBS].scale;
    t->fresh = ckks_noise_encrypt(t->w.ctx) / t->scale;
    world_encrypt(&t->w, &t->a, t->x, LOG_SLOTS, LIMBS);
    world_encrypt(&t->w, &t->b, t->y, LOG_SLOTS, LIMBS);
    world_encode(&t->w, &t->plain, t->y, LOG_SLOTS, LIMBS, t->scale);
    t->r = world_room(&t->w, LIMBS);
}

static void end(bed *t)
{
    mem_free(t->x);
    mem_free(t->y);
    ckks_cipher_clear(&t->a);
    ckks_cipher_clear(&t->b);
    ckks_cipher_clear(&t->r);
    ckks_plain_clear(&t->plain);
    world_end(&t->w);
}

static void within(bed *t, const ckks_cipher *r, double bound)
{
    const double off = world_error(&t->w, r, t->z, LOG_SLOTS);
    if (!(off <= bound)) {
        fail_msg("off by 2^%.2f, stated 2^%.2f", log2(off), log2(bound));
    }
}

static void test_sums(void **state)
{
    bed t;
    (void)state;
    begin(&t);
    world *w = &t.w;
    for (size_t i = 0; i < SLOTS; i++) {
        t.z[i] = t.x[i] - t.y[i];
    }
    world_ok(w, ckks_sub(&w->c, &t.r, &t.a, &t.b));
    within(&t, &t.r, 2 * t.fresh);
    world_ok(w, ckks_sub_plain(&w->c, &t.r, &t.a, &t.plain));
    within(&t, &t.r, 2 * t.fresh);
    world_ok(w, ckks_negate(&w->c, &t.r, &t.b));
    world_ok(w, ckks_add(&w->c, &t.r, &t.r, &t.a));
    within(&t, &t.r, 2 * t.fresh);
    for (size_t i = 0; i < SLOTS; i++) {
        t.z[i] = t.x[i] + t.y[i] - 0.75;
    }
    world_ok(w, ckks_add_plain(&w->c, &t.r, &t.a, &t.plain));
    world_ok(w, ckks_add_constant(&w->c, &t.r, &t.r, -0.75));
    within(&t, &t.r, 2 * t.fresh + 1 / t.scale);
    end(&t);
}

static void test_sums_of_products(void **state)
{
    bed t;
    (void)state;
    begin(&t);
    world *w = &t.w;
    const double divide = ckks_noise_divide(w->ctx) / w->ctx->level[LIMBS - 1].scale;
    const double product = 2 * t.fresh + t.fresh * t.fresh;
    const double switching = ckks_noise_switch(w->ctx, LIMBS) / (t.scale * t.scale);
    for (size_t i = 0; i < SLOTS; i++) {
        t.z[i] = t.x[i] * t.y[i] + 0.5 * t.x[i];
    }
    world_ok(w, ckks_mul_plain(&w->c, &t.r, &t.a, &t.plain));
    world_ok(w, ckks_mul_constant_add(&w->c, &t.r, &t.a, 0.5));
    world_ok(w, ckks_rescale(&w->c, &t.r, &t.r));
    within(&t, &t.r, product + t.fresh + divide);

    for (size_t i = 0; i < SLOTS; i++) {
        t.z[i] = 2 * t.x[i] * t.y[i];
    }
    world_ok(w, ckks_mul_plain(&w->c, &t.r, &t.a, &t.plain));
    world_ok(w, ckks_mul_plain_add(&w->c, &t.r, &t.a, &t.plain));
    world_ok(w, ckks_rescale(&w->c, &t.r, &t.r));
    within(&t, &t.r, 2 * product + divide);

    ckks_cipher three, apart = world_room(w, LIMBS);
    world_ok(w, ckks_cipher_new(&three, w->ctx, LIMBS, 3, &w->err));
    world_ok(w, ckks_tensor(&w->c, &three, &t.a, &t.b));
    world_ok(w, ckks_tensor_add(&w->c, &three, &t.b, &t.a));
    within(&t, &three, 2 * product);
    world_ok(w, ckks_relinearise_rescale(&w->c, &t.r, &three, &w->keys));
    within(&t, &t.r, 2 * product + switching + divide);
    world_ok(w, ckks_relinearise(&w->c, &apart, &three, &w->keys));
    within(&t, &apart, 2 * product + switching);
    world_ok(w, ckks_rescale(&w->c, &apart, &apart));
    within(&t, &apart, 2 * product + switching + divide);
    assert_true(apart.scale == t.r.scale);
    ckks_cipher_clear(&three);
    ckks_cipher_clear(&apart);
    end(&t);
}

static void test_hoisted_rotations_are_rotations(void **state)
{
    bed t;
    (void)state;
    begin(&t);
    world *w = &t.w;
    const size_t bytes = LIMBS * w->ctx->n * sizeof(uint64_t);
    ckks_cipher many[4];
    for (size_t i = 0; i < 4; i++) {
        many[i] = world_room(w, LIMBS);
    }
    world_ok(w, ckks_rotate_many(&w->c, many, &t.a, steps, 4, &w->keys));
    for (size_t s = 0; s < 4; s++) {
        for (size_t i = 0; i < SLOTS; i++) {
            t.z[i] = t.x[(i + (size_t)steps[s]) & (SLOTS - 1)];
        }
        within(&t, &many[s], t.fresh + ckks_noise_switch(w->ctx, LIMBS) / t.scale);
        world_ok(w, ckks_rotate(&w->c, &t.r, &t.a, steps[s], &w->keys));
        assert_memory_equal(many[s].part[0], t.r.part[0], bytes);
        assert_memory_equal(many[s].part[1], t.r.part[1], bytes);
        ckks_cipher_clear(&many[s]);
    }
    world_ok(w, ckks_copy(&w->c, &t.r, &t.a, LIMBS)); /* in place */
    world_ok(w, ckks_rotate(&w->c, &t.r, &t.r, 1, &w->keys));
    for (size_t i = 0; i < SLOTS; i++) {
        t.z[i] = t.x[(i + 1) & (SLOTS - 1)];
    }
    within(&t, &t.r, t.fresh + ckks_noise_switch(w->ctx, LIMBS) / t.scale);
    end(&t);
}

static void test_public_keys(void **state)
{
    bed t;
    ckks_public_key k;
    (void)state;
    begin(&t);
    world *w = &t.w;
    world_ok(w, ckks_public_key_new(&w->c, &k, &w->secret));
    world_ok(w, ckks_encrypt_public(&w->c, &t.r, &t.plain, &k, NULL));
    memcpy(t.z, t.y, sizeof t.z);
    within(&t, &t.r, ckks_noise_encrypt_public(w->ctx) / t.scale);
    assert_false(t.r.seeded);
    ckks_public_key_clear(&k);
    end(&t);
}

static void test_what_is_refused(void **state)
{
    bed t;
    (void)state;
    begin(&t);
    world *w = &t.w;
    ckks_cipher small = world_room(w, 1);
    assert_int_equal(ckks_add(&w->c, &small, &t.a, &t.b), ERR_USAGE);
    assert_error(w->err, ERR_USAGE, "room for 1 limbs");
    assert_int_equal(ckks_rotate(&w->c, &t.r, &t.a, 5, &w->keys), ERR_USAGE);
    assert_error(w->err, ERR_USAGE, "no key");
    world_ok(w, ckks_mul_constant(&w->c, &t.r, &t.a, 1, 2));
    assert_int_equal(ckks_add(&w->c, &t.r, &t.r, &t.a), ERR_USAGE);
    assert_error(w->err, ERR_USAGE, "scales");
    world_ok(w, ckks_copy(&w->c, &small, &t.a, 1));
    assert_int_equal(ckks_rescale(&w->c, &t.r, &small), ERR_USAGE);
    assert_int_equal(ckks_multiply(&w->c, &t.r, &small, &small, &w->keys), ERR_USAGE);
    assert_int_equal(ckks_adjust(&w->c, &t.r, &small, 2), ERR_USAGE);
    assert_int_equal(ckks_mul_constant(&w->c, &t.r, &t.a, 1e60, 1e10), ERR_PRECISION);
    ckks_cipher_clear(&small);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_sums_of_products),
        cmocka_unit_test(test_hoisted_rotations_are_rotations),
        cmocka_unit_test(test_public_keys),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
