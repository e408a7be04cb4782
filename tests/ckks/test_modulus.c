#include "ckks/modulus.h"

#include "test.h"

static const uint64_t some[] = {3, 5, 17, 97, 65537, 1125899906842597, 562949953421231};
enum { N_SOME = sizeof some / sizeof *some };

static uint64_t random_word(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state ^ *state >> 31;
}

static void check_pair(const ckks_modulus *m, uint64_t a, uint64_t b)
{
    const uint64_t q = m->q;
    const unsigned __int128 product = (unsigned __int128)a * b;
    assert_int_equal(ckks_mod_add(m, a, b), (a + b) % q);
    assert_int_equal(ckks_mod_sub(m, a, b), (a + q - b) % q);
    assert_int_equal(ckks_mod_neg(m, a), (q - a) % q);
    assert_int_equal(ckks_mod_mul(m, a, b), (uint64_t)(product % q));
    assert_int_equal(ckks_mod_mul_by(m, a, b, ckks_mod_ratio(m, b)), (uint64_t)(product % q));
}

static void test_small_moduli_whole(void **state)
{
    (void)state;
    ckks_modulus m;
    for (uint64_t q = 3; q < 200; q += 2) {
        if (ckks_modulus_init(&m, q, NULL) != OK) {
            continue;
        }
        for (uint64_t a = 0; a < q; a++) {
            for (uint64_t b = 0; b < q; b++) {
                check_pair(&m, a, b);
            }
            assert_int_equal(ckks_mod_mul(&m, a, ckks_mod_inverse(&m, a)), a > 0);
        }
    }
}

static void test_operations(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (size_t i = 0; i < N_SOME; i++) {
        ckks_modulus m;
        error err;
        assert_int_equal(ckks_modulus_init(&m, some[i], &err), OK);
        const uint64_t edges[] = {0, 1, m.q - 1, m.q / 2, m.q / 2 + 1};
        for (int j = 0; j < 2000; j++) {
            const uint64_t a = j < 25 ? edges[j % 5] % m.q : random_word(&seed) % m.q;
            const uint64_t b = j < 25 ? edges[j / 5] % m.q : random_word(&seed) % m.q;
            const uint64_t w = j < 2 ? UINT64_MAX - (uint64_t)j : random_word(&seed);
            const unsigned __int128 wide = (unsigned __int128)w << 64 | (w ^ b);
            check_pair(&m, a, b);
            assert_int_equal(ckks_mod_word(&m, w), w % m.q);
            assert_int_equal(ckks_mod_wide(&m, wide), (uint64_t)(wide % m.q));
            assert_int_equal(ckks_mod_mul_by(&m, w, b, ckks_mod_ratio(&m, b)),
                             (uint64_t)((unsigned __int128)w * b % m.q));
            assert_int_equal(ckks_mod_mul(&m, a, ckks_mod_inverse(&m, a)), a > 0);
        }
    }
}

static void test_constants(void **state)
{
    (void)state;
    const unsigned __int128 one = 1;
    for (size_t i = 0; i < N_SOME; i++) {
        ckks_modulus m;
        assert_int_equal(ckks_modulus_init(&m, some[i], NULL), OK);
        assert_true(m.q >> (m.bits - 1) == 1);
        assert_int_equal(m.inverse52 * m.q & ((UINT64_C(1) << 52) - 1), 1);
        assert_int_equal(m.r52, (UINT64_C(1) << 52) % m.q);
        assert_int_equal(m.barrett52, (UINT64_C(1) << 52) / m.q);
        assert_int_equal(m.r52_ratio, (uint64_t)((one * m.r52 << 52) / m.q));
        assert_int_equal(ckks_mod_ratio(&m, m.q - 1), (uint64_t)((one * (m.q - 1) << 64) / m.q));
    }
}

static void test_is_prime(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 5000; n++) {
        bool prime = n > 1;
        for (uint64_t d = 2; d * d <= n; d++) {
            prime = prime && n % d != 0;
        }
        assert_int_equal(ckks_is_prime(n), prime);
    }
    /* Strong pseudoprimes to many bases; Carmichael numbers; the largest 64-bit prime. */
    assert_false(ckks_is_prime(3215031751));
    assert_false(ckks_is_prime(3825123056546413051));
    assert_false(ckks_is_prime(561));
    assert_false(ckks_is_prime(UINT64_C(4294967291) * 4294967279));
    assert_true(ckks_is_prime(UINT64_C(18446744073709551557)));
    assert_true(ckks_is_prime(1125899906842597));
}

static void test_refuses(void **state)
{
    (void)state;
    const uint64_t bad[] = {0, 1, 2, 9, 15, 1125899906842597 - 2, UINT64_C(1125899906842679)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ckks_modulus m;
        error err;
        assert_int_equal(ckks_modulus_init(&m, bad[i], &err), ERR_USAGE);
        assert_error(err, ERR_USAGE, "modulus", "prime below 2^50");
    }
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a < b ? b - a : a - b;
}

static void test_primes(void **state)
{
    (void)state;
    const uint64_t near = UINT64_C(1) << 45;
    uint64_t first[8], more[8];
    error err;
    assert_int_equal(ckks_primes_find(first, 8, 16, near, NULL, 0, &err), OK);
    assert_int_equal(ckks_primes_find(more, 8, 16, near, first, 8, &err), OK);
    for (size_t i = 0; i < 8; i++) {
        assert_true(ckks_is_prime(first[i]) && first[i] % (1 << 17) == 1);
        assert_true(distance(more[i], near) >= distance(first[7], near));
        for (size_t j = 0; j < i; j++) {
            assert_true(first[j] != first[i] &&
                        distance(first[j], near) <= distance(first[i], near));
        }
    }
    /* All there are: 17 and 97 are the first primes 1 mod 16. */
    assert_int_equal(ckks_primes_find(first, 2, 3, 20, NULL, 0, &err), OK);
    assert_int_equal(first[0], 17);
    assert_int_equal(first[1], 97);
    /* Nothing reaches 2^50. */
    assert_int_equal(ckks_primes_find(first, 1, 17, UINT64_MAX, NULL, 0, &err), OK);
    assert_true(first[0] < UINT64_C(1) << 50);
}

static void test_roots(void **state)
{
    (void)state;
    for (unsigned log_n = 3; log_n <= 17; log_n++) {
        uint64_t q;
        ckks_modulus m;
        assert_int_equal(ckks_primes_find(&q, 1, log_n, UINT64_C(1) << 49, NULL, 0, NULL), OK);
        assert_int_equal(ckks_modulus_init(&m, q, NULL), OK);
        const uint64_t root = ckks_primitive_root(&m, log_n);
        assert_int_equal(ckks_mod_pow(&m, root, UINT64_C(1) << log_n), q - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_moduli_whole),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_is_prime),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_primes),
        cmocka_unit_test(test_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
