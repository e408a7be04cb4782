/* Every operation against complex numbers in the clear. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

static const int64_t steps[] = {1, 2, 5, -1};

static void compare(world *w, const ckks_cipher *y, const double complex *x, unsigned log_slots,
                    double bits)
{
    const double off = world_error(w, y, x, log_slots);
    if (!(off < ldexp(1, -(int)bits))) {
        fail_msg("%zu limbs: off by 2^%.1f, wanted 2^-%.1f", y->n_limbs, log2(off), bits);
    }
}

static void operations(unsigned log_n, unsigned log_slots, unsigned n_limbs, unsigned alpha)
{
    world w;
    const ckks_params p = world_params(log_n, n_limbs, 40, alpha);
    world_begin(&w, &p, steps, 4, true);
    const size_t n = (size_t)1 << log_slots;
    for (size_t limbs = 2; limbs <= n_limbs; limbs++) {
        double complex *x = world_slots(&w, log_slots, 1, false);
        double complex *y = world_slots(&w, log_slots, 1, false);
        double complex *z = world_slots(&w, log_slots, 1, false);
        ckks_cipher a, b, r = world_room(&w, limbs);
        ckks_plain plain;
        world_encrypt(&w, &a, x, log_slots, limbs);
        world_encrypt(&w, &b, y, log_slots, limbs);
        compare(&w, &a, x, log_slots, 20);

        world_ok(&w, ckks_add(&w.c, &r, &a, &b));
        for (size_t i = 0; i < n; i++) {
            z[i] = x[i] + y[i];
        }
        compare(&w, &r, z, log_slots, 20);

        world_ok(&w, ckks_multiply(&w.c, &r, &a, &b, &w.keys));
        for (size_t i = 0; i < n; i++) {
            z[i] = x[i] * y[i];
        }
        assert_int_equal(r.n_limbs, limbs - 1);
        assert_true(r.scale == w.ctx->level[limbs - 1].scale);
        compare(&w, &r, z, log_slots, 20);

        world_encode(&w, &plain, y, log_slots, limbs, w.ctx->level[limbs].scale);
        world_ok(&w, ckks_mul_plain(&w.c, &r, &a, &plain));
        world_ok(&w, ckks_rescale(&w.c, &r, &r));
        compare(&w, &r, z, log_slots, 20);
        ckks_plain_clear(&plain);

        for (size_t s = 0; s < 4; s++) {
            world_ok(&w, ckks_rotate(&w.c, &r, &a, steps[s], &w.keys));
            for (size_t i = 0; i < n; i++) {
                z[i] = x[(i + (size_t)steps[s]) & (n - 1)];
            }
            compare(&w, &r, z, log_slots, 20);
        }
        world_ok(&w, ckks_conjugate(&w.c, &r, &a, &w.keys));
        for (size_t i = 0; i < n; i++) {
            z[i] = conj(x[i]);
        }
        compare(&w, &r, z, log_slots, 20);

        world_ok(&w, ckks_mul_i(&w.c, &r, &a));
        for (size_t i = 0; i < n; i++) {
            z[i] = I * x[i];
        }
        compare(&w, &r, z, log_slots, 20);

        world_ok(&w, ckks_adjust(&w.c, &r, &a, 1));
        compare(&w, &r, x, log_slots, 20);
        ckks_cipher_clear(&a);
        ckks_cipher_clear(&b);
        ckks_cipher_clear(&r);
        mem_free(x);
        mem_free(y);
        mem_free(z);
    }
    world_end(&w);
}

static void test_operations_at_every_level(void **state)
{
    (void)state;
    operations(3, 2, 3, 1);
    operations(3, 0, 4, 2);
    operations(10, 9, 7, 3);
    operations(10, 2, 5, 2); /* plaintexts in a ring of 8 coefficients */
    operations(13, 6, 4, 4);
    operations(13, 12, 4, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_at_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
