/* Matrices by diagonals against the sum in the clear. */
#include <math.h>

#include "test.h"

#include "base/mem.h"
#include "support/ckks_world.h"

enum { MAX_DIAGONALS = 16 };

typedef struct {
    double *re[MAX_DIAGONALS], *im[MAX_DIAGONALS];
    ckks_diagonal d[MAX_DIAGONALS];
    size_t n;
} diagonals;

static void fill(world *w, diagonals *m, const int64_t *k, size_t n, unsigned log_slots, bool real)
{
    const size_t slots = (size_t)1 << log_slots;
    m->n = n;
    for (size_t i = 0; i < n; i++) {
        m->re[i] = mem_new(2 * slots, sizeof(double));
        assert_non_null(m->re[i]);
        m->im[i] = m->re[i] + slots;
        for (size_t s = 0; s < slots; s++) {
            m->re[i][s] = world_uniform(w) / (double)n;
            m->im[i][s] = real ? 0 : world_uniform(w) / (double)n;
        }
        m->d[i] = (ckks_diagonal){.k = k[i], .re = m->re[i], .im = real ? NULL : m->im[i]};
    }
}

static void matrix(unsigned log_n, unsigned log_slots, const int64_t *k, size_t n, int64_t baby,
                   bool real, size_t limbs)
{
    world w;
    diagonals m;
    ckks_matrix a;
    int64_t steps[2 * MAX_DIAGONALS];
    const ckks_params p = world_params(log_n, 5, 40, 2);
    const size_t slots = (size_t)1 << log_slots;
    world_begin(&w, &p, NULL, 0, false);
    fill(&w, &m, k, n, log_slots, real);
    world_ok(&w, ckks_matrix_new(&w.c, &a, m.d, n, log_slots, limbs, baby));
    ckks_keys_clear(&w.keys);
    const size_t n_steps = ckks_matrix_steps(&a, steps);
    world_ok(&w, ckks_keys_new(&w.c, &w.keys, &w.secret, steps, n_steps, false, limbs));

    double complex *x = world_slots(&w, log_slots, 1, false), *y = mem_new(slots, sizeof *y);
    for (size_t i = 0; i < slots; i++) {
        for (size_t j = 0; j < n; j++) {
            y[i] += (m.re[j][i] + I * m.im[j][i]) * x[(i + (size_t)k[j]) & (slots - 1)];
        }
    }
    ckks_cipher c, z = world_room(&w, limbs - 1);
    world_encrypt(&w, &c, x, log_slots, limbs);
    world_ok(&w, ckks_matrix_apply(&w.c, &z, &c, &a, &w.keys));
    assert_int_equal(z.n_limbs, limbs - 1);
    assert_true(z.scale == w.ctx->level[limbs - 1].scale);
    const double off = world_error(&w, &z, y, log_slots);
    if (!(off < ldexp(1, -21))) {
        fail_msg("2^%u slots of 2^%u: off by 2^%.1f", log_slots, log_n, log2(off));
    }
    ckks_cipher_clear(&c);
    ckks_cipher_clear(&z);
    ckks_matrix_clear(&a);
    for (size_t i = 0; i < n; i++) {
        mem_free(m.re[i]);
    }
    mem_free(x);
    mem_free(y);
    world_end(&w);
}

static void test_matrices(void **state)
{
    static const int64_t dense[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const int64_t sparse[] = {0, 1, 15, 16, 17, 100, 500};
    static const int64_t late[] = {3};
    (void)state;
    matrix(4, 3, dense, 8, 0, false, 5);
    matrix(4, 3, dense, 8, 1, false, 3);
    matrix(4, 3, dense, 8, 8, true, 2);
    matrix(4, 3, dense, 8, 3, false, 4);
    matrix(10, 9, sparse, 7, 0, false, 5);
    matrix(10, 9, sparse, 7, 16, true, 4);
    matrix(10, 3, dense, 8, 0, false, 5); /* plaintexts in a small ring */
    matrix(12, 5, late, 1, 0, false, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
