#include "ckks/poly.h"

#include "base/mem.h"
#include "support/ckks_worlds.h"
#include "test.h"

/* Element-wise operations of every table against 128-bit remainders. */

enum { N_PRIMES = 3, N_TERMS = 37 };

typedef struct {
    const ckks_ring *r;
    pool *p;
    ckks_basis b;
    uint64_t *x, *y, *z;
    uint64_t c[N_PRIMES];
} world;

static world open_world(ckks_ring *r, pool *p, uint64_t seed)
{
    world w = {.r = r, .p = p, .b = ckks_basis_range(0, r->n_primes)};
    w.x = ckks_random_poly(r, &w.b, seed);
    w.y = ckks_random_poly(r, &w.b, seed ? seed + 1 : 0);
    w.z = ckks_random_poly(r, &w.b, seed ? seed + 2 : 0);
    for (size_t j = 0; j < w.b.n; j++) {
        w.c[j] = w.y[j * r->n + r->n - 1];
    }
    return w;
}

static void close_world(world *w)
{
    mem_free(w->x);
    mem_free(w->y);
    mem_free(w->z);
}

typedef unsigned __int128 wide;
typedef wide rule(wide x, wide y, wide z, wide c, wide q);

static void check(const world *w, const char *what, const uint64_t *got, rule *want)
{
    for (size_t j = 0; j < w->b.n; j++) {
        const uint64_t q = w->r->limb[j].m.q;
        for (size_t i = j * w->r->n; i < (j + 1) * w->r->n; i++) {
            const uint64_t y = (uint64_t)(want(w->x[i], w->y[i], w->z[i], w->c[j], q) % q);
            if (got[i] != y) {
                fail_msg("%s, %s, N = 2^%u: element %zu is %llu, not %llu", w->r->kernels->name,
                         what, w->r->log_n, i, (unsigned long long)got[i], (unsigned long long)y);
            }
        }
    }
}

static wide sum(wide x, wide y, wide z, wide c, wide q)
{
    (void)z, (void)c, (void)q;
    return x + y;
}
static wide difference(wide x, wide y, wide z, wide c, wide q)
{
    (void)z, (void)c;
    return x + q - y;
}
static wide negative(wide x, wide y, wide z, wide c, wide q)
{
    (void)y, (void)z, (void)c;
    return q - x;
}
static wide product(wide x, wide y, wide z, wide c, wide q)
{
    (void)z, (void)c, (void)q;
    return x * y;
}
static wide added_product(wide x, wide y, wide z, wide c, wide q)
{
    (void)c, (void)q;
    return z + x * y;
}
static wide plus_scalar(wide x, wide y, wide z, wide c, wide q)
{
    (void)y, (void)z, (void)q;
    return x + c;
}
static wide times_scalar(wide x, wide y, wide z, wide c, wide q)
{
    (void)y, (void)z, (void)q;
    return c * x;
}
static wide added_scalar(wide x, wide y, wide z, wide c, wide q)
{
    (void)y, (void)q;
    return z + c * x;
}
static wide scaled_difference(wide x, wide y, wide z, wide c, wide q)
{
    (void)z;
    return c * (x + q - y);
}

static void check_all(const world *w)
{
    const size_t bytes = w->b.n * w->r->n * sizeof *w->x;
    uint64_t *t = ckks_empty_poly(w->r, &w->b), *u = ckks_empty_poly(w->r, &w->b);
    ckks_poly_add(w->r, w->p, &w->b, t, w->x, w->y);
    check(w, "add", t, sum);
    ckks_poly_sub(w->r, w->p, &w->b, t, w->x, w->y);
    check(w, "sub", t, difference);
    ckks_poly_neg(w->r, w->p, &w->b, t, w->x);
    check(w, "neg", t, negative);
    ckks_poly_mul(w->r, w->p, &w->b, t, w->x, w->y);
    check(w, "mul", t, product);
    memcpy(u, w->x, bytes);
    ckks_poly_mul(w->r, w->p, &w->b, u, u, w->y);
    ckks_assert_same(w->r, "mul in place", u, t, w->b.n * w->r->n);
    memcpy(t, w->z, bytes);
    ckks_poly_mul_add(w->r, w->p, &w->b, t, w->x, w->y);
    check(w, "mul_add", t, added_product);
    ckks_poly_add_scalar(w->r, w->p, &w->b, t, w->x, w->c);
    check(w, "add_scalar", t, plus_scalar);
    ckks_poly_mul_scalar(w->r, w->p, &w->b, t, w->x, w->c);
    check(w, "mul_scalar", t, times_scalar);
    memcpy(t, w->z, bytes);
    ckks_poly_mul_scalar_add(w->r, w->p, &w->b, t, w->x, w->c);
    check(w, "mul_scalar_add", t, added_scalar);
    ckks_poly_sub_scale(w->r, w->p, &w->b, t, w->x, w->y, w->c);
    check(w, "sub_scale", t, scaled_difference);
    assert_true(ckks_poly_is_canonical(w->r, &w->b, t));
    t[w->b.n * w->r->n - 1] = w->r->limb[w->b.n - 1].m.q;
    assert_false(ckks_poly_is_canonical(w->r, &w->b, t));
    mem_free(t);
    mem_free(u);
}

/* Sums of n products; y lies over more primes, in another order. */
static void check_dot(const world *w, size_t n_terms, uint64_t seed)
{
    const ckks_basis whole = w->b, part = ckks_basis_range(1, w->b.n - 1);
    const ckks_basis first = ckks_basis_range(0, 1), other = ckks_basis_join(&part, &first);
    uint64_t *x[N_TERMS], *y[2][N_TERMS], *z[2];
    for (size_t t = 0; t < n_terms; t++) {
        x[t] = ckks_random_poly(w->r, &part, seed ? seed + t : 0);
        y[0][t] = ckks_random_poly(w->r, &other, seed ? seed + 100 + t : 0);
        y[1][t] = ckks_random_poly(w->r, &other, seed ? seed + 200 + t : 0);
    }
    z[0] = ckks_random_poly(w->r, &whole, 1); /* what is there before does not matter */
    z[1] = ckks_random_poly(w->r, &whole, 1);
    const ckks_dot d = {.n_terms = n_terms,
                        .n_outputs = 2,
                        .x = (const uint64_t *const *)x,
                        .y = {(const uint64_t *const *)y[0], (const uint64_t *const *)y[1]},
                        .y_basis = &other,
                        .z = {z[0], z[1]}};
    ckks_poly_dot(w->r, w->p, &part, &d);
    for (size_t o = 0; o < 2; o++) {
        for (size_t i = 0; i < part.n * w->r->n; i++) {
            wide s = 0;
            for (size_t t = 0; t < n_terms; t++) {
                s += (wide)x[t][i] * y[o][t][i];
            }
            assert_int_equal(z[o][i], (uint64_t)(s % w->r->limb[1 + i / w->r->n].m.q));
        }
    }
    for (size_t t = 0; t < n_terms; t++) {
        mem_free(x[t]);
        mem_free(y[0][t]);
        mem_free(y[1][t]);
    }
    mem_free(z[0]);
    mem_free(z[1]);
}

static void test_operations(void **state)
{
    (void)state;
    static const unsigned bits[] = {50, 49, 33, 20};
    pool *p;
    assert_int_equal(pool_new(&p, 3, NULL), OK);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned log_n = 3; log_n <= 15; log_n += 2) {
            ckks_ring *r = ckks_world(t, log_n, N_PRIMES, bits[log_n / 2 % 4]);
            for (uint64_t seed = 0; seed < 3; seed++) {
                world w = open_world(r, seed == 1 ? p : NULL, seed);
                check_all(&w);
                close_world(&w);
            }
            ckks_ring_free(r);
        }
    }
    pool_free(p);
}

static void test_dot(void **state)
{
    (void)state;
    static const size_t terms[] = {0, 1, 2, 3, 4, 7, 15, 16, 17, 31, N_TERMS};
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
            ckks_ring *r = ckks_world(t, 3 + (unsigned)i, N_PRIMES, i % 2 ? 50 : 17 + (unsigned)i);
            world w = open_world(r, NULL, 1);
            check_dot(&w, terms[i], 0);
            check_dot(&w, terms[i], 1000);
            close_world(&w);
            ckks_ring_free(r);
        }
    }
}

static void test_from_words(void **state)
{
    (void)state;
    static const int64_t edge[] = {0, 1, -1, INT64_MAX, INT64_MIN + 1, INT64_MIN, 97, -97};
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (unsigned bits = 8; bits <= 50; bits += 6) {
            ckks_ring *r = ckks_world(t, 5, N_PRIMES, bits);
            const ckks_basis b = ckks_basis_range(0, r->n_primes);
            uint64_t *z = ckks_empty_poly(r, &b), seed = bits;
            int64_t x[32];
            for (size_t i = 0; i < r->n; i++) {
                x[i] = i < 8 ? edge[i] : (int64_t)ckks_random(&seed) >> i;
            }
            ckks_poly_from_words(r, NULL, &b, z, x);
            for (size_t i = 0; i < b.n * r->n; i++) {
                const __int128 q = r->limb[i / r->n].m.q;
                assert_int_equal(z[i], (uint64_t)((x[i % r->n] % q + q) % q));
            }
            mem_free(z);
            ckks_ring_free(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_dot),
        cmocka_unit_test(test_from_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
