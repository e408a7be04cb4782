#include "ckks/convert.h"

#include "base/mem.h"
#include "support/ckks_worlds.h"
#include "test.h"

/* Conversions from up to two small primes against integers; from many, by every table, against the
 * residues of known integers. */

typedef unsigned __int128 wide;

/* The integer below s0 s1 with these residues. */
static wide join(uint64_t s0, uint64_t x0, const ckks_modulus *m1, uint64_t x1)
{
    const uint64_t inverse = ckks_mod_inverse(m1, s0 % m1->q);
    const uint64_t h = ckks_mod_mul(m1, ckks_mod_sub(m1, x1, x0 % m1->q), inverse);
    return (wide)h * s0 + x0;
}

/* At N = 8 over 17 and 97: all integers below 17·97, to other primes. */
static void test_small_world(void **state)
{
    (void)state;
    static const uint64_t primes[] = {17, 97, 113, 193, 1125899906840833};
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        ckks_ring *r;
        ckks_convert *c;
        assert_int_equal(ckks_ring_new(&r, ckks_kernels_nth(t), 3, primes, 5, NULL), OK);
        const ckks_basis from = ckks_basis_range(0, 2), to = ckks_basis_range(2, 3);
        assert_int_equal(ckks_convert_new(&c, r, &from, &to, NULL), OK);
        for (int64_t first = 0; first < 17 * 97 + 7; first += 8) {
            uint64_t x[16], z[24], w[24];
            for (size_t i = 0; i < 8; i++) {
                x[i] = (uint64_t)(first + (int64_t)i) % 17;
                x[8 + i] = (uint64_t)(first + (int64_t)i) % 97;
            }
            ckks_convert_run(c, NULL, CKKS_CENTRED, z, x);
            ckks_convert_run(c, NULL, CKKS_APPROXIMATE, w, x);
            for (size_t i = 0; i < 24; i++) {
                const int64_t q = (int64_t)primes[2 + i / 8];
                const int64_t value = (first + (int64_t)i % 8) % (17 * 97);
                const int64_t centred = value > 17 * 97 / 2 ? value - 17 * 97 : value;
                assert_int_equal(z[i], (uint64_t)((centred % q + q) % q));
                assert_true(w[i] == (uint64_t)(value % q) ||
                            w[i] == (uint64_t)((value + 17 * 97) % q));
            }
        }
        ckks_convert_free(c);
        ckks_ring_free(r);
    }
}

/* Small signed integers over k primes: converted centred they stay what they are, approximately
 * they gain a small multiple of S. */
static void check_many(const ckks_ring *r, pool *p, size_t n_from, size_t n_to)
{
    const ckks_basis from = ckks_basis_range(0, n_from), to = ckks_basis_range(n_from, n_to);
    ckks_convert *c;
    assert_int_equal(ckks_convert_new(&c, r, &from, &to, NULL), OK);
    uint64_t *x = ckks_empty_poly(r, &from), *z = ckks_empty_poly(r, &to);
    uint64_t *want = ckks_empty_poly(r, &to), seed = 3;
    int64_t *words = mem_new(r->n, sizeof *words);
    for (size_t i = 0; i < r->n; i++) {
        words[i] = (int64_t)ckks_random(&seed) % ((INT64_C(1) << 18) - 1);
    }
    ckks_poly_from_words(r, p, &from, x, words);
    ckks_poly_from_words(r, p, &to, want, words);
    ckks_convert_run(c, p, CKKS_CENTRED, z, x);
    ckks_assert_same(r, "centred conversion", z, want, n_to * r->n);
    ckks_convert_run(c, p, CKKS_APPROXIMATE, z, x);
    for (size_t j = 0; j < n_to; j++) {
        const ckks_modulus *m = &r->limb[n_from + j].m;
        uint64_t s = 1;
        for (size_t i = 0; i < n_from; i++) {
            s = ckks_mod_mul(m, s, ckks_mod_word(m, r->limb[i].m.q));
        }
        for (size_t i = j * r->n; i < (j + 1) * r->n; i++) {
            size_t u = 0;
            uint64_t y = want[i];
            for (; u <= n_from && y != z[i]; u++) {
                y = ckks_mod_add(m, y, s);
            }
            assert_true(u <= n_from);
        }
    }
    mem_free(words);
    mem_free(want);
    mem_free(z);
    mem_free(x);
    ckks_convert_free(c);
}

static void test_many_primes(void **state)
{
    (void)state;
    static const size_t sources[] = {1, 2, 3, 5, 7, 8, 14, 15, 16, 17, 40, CKKS_MAX_SOURCES};
    pool *p;
    assert_int_equal(pool_new(&p, 3, NULL), OK);
    for (size_t t = 0; ckks_kernels_nth(t); t++) {
        for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
            const unsigned log_n = 3 + (unsigned)i % 7;
            ckks_ring *r = ckks_world(t, log_n, sources[i] + 4, i % 3 ? 50 : 25);
            check_many(r, i % 2 ? p : NULL, sources[i], 1 + i % 4);
            ckks_ring_free(r);
        }
    }
    pool_free(p);
}

/* The same words by all tables on any residues, and the centred result is near: x - z is a multiple
 * of S that is at most S/2 away, checked on two primes by integers of 100 bits. */
static void test_random(void **state)
{
    (void)state;
    for (unsigned bits = 20; bits <= 50; bits += 10) {
        uint64_t *want[2] = {NULL, NULL};
        for (size_t t = 0; ckks_kernels_nth(t); t++) {
            ckks_ring *r = ckks_world(t, 9, 5, bits);
            const ckks_basis from = ckks_basis_range(0, 2), to = ckks_basis_range(2, 3);
            ckks_convert *c;
            assert_int_equal(ckks_convert_new(&c, r, &from, &to, NULL), OK);
            uint64_t *x = ckks_random_poly(r, &from, bits);
            for (int k = 0; k < 2; k++) {
                uint64_t *z = ckks_empty_poly(r, &to);
                ckks_convert_run(c, NULL, k ? CKKS_CENTRED : CKKS_APPROXIMATE, z, x);
                want[k] = want[k] ? want[k] : z;
                ckks_assert_same(r, "conversion", z, want[k], to.n * r->n);
                for (size_t i = 0; k == 1 && i < to.n * r->n; i++) {
                    const uint64_t q = r->limb[2 + i / r->n].m.q, s = r->limb[0].m.q;
                    const wide whole = (wide)s * r->limb[1].m.q;
                    const wide v = join(s, x[i % r->n], &r->limb[1].m, x[r->n + i % r->n]);
                    const uint64_t y =
                        v > whole / 2 ? q - 1 - (uint64_t)((whole - v - 1) % q) : (uint64_t)(v % q);
                    assert_int_equal(z[i], y);
                }
                if (z != want[k]) {
                    mem_free(z);
                }
            }
            mem_free(x);
            ckks_convert_free(c);
            ckks_ring_free(r);
        }
        mem_free(want[0]);
        mem_free(want[1]);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    ckks_ring *r = ckks_world(0, 3, CKKS_MAX_SOURCES + 1, 40);
    ckks_convert *c;
    error err;
    const ckks_basis none = ckks_basis_range(0, 0), many = ckks_basis_range(0, r->n_primes);
    assert_int_equal(ckks_convert_new(&c, r, &none, &many, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "0 primes");
    assert_int_equal(ckks_convert_new(&c, r, &many, &none, &err), ERR_USAGE);
    assert_null(c);
    ckks_ring_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_world),
        cmocka_unit_test(test_many_primes),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
