/* Sealed pieces: what was sealed comes back, and nothing else does. */
#include "base/random.h"
#include "base/seal.h"
#include "test.h"

enum { LEN = 100 };

static void make(uint8_t key[SEAL_KEY_BYTES], uint8_t plain[LEN])
{
    assert_int_equal(random_bytes(key, SEAL_KEY_BYTES, NULL), OK);
    assert_int_equal(random_bytes(plain, LEN, NULL), OK);
}

static void test_comes_back(void **state)
{
    (void)state;
    uint8_t key[SEAL_KEY_BYTES], plain[LEN], data[LEN], first[LEN], tag[SEAL_TAG_BYTES];
    seal *s, *t;
    error err = {0};
    make(key, plain);
    assert_int_equal(seal_new(&s, key, &err), OK);
    assert_int_equal(seal_new(&t, key, &err), OK);
    for (uint64_t number = 0; number < 3; number++) {
        memcpy(data, plain, LEN);
        seal_close(s, number, data, LEN, tag);
        assert_memory_not_equal(data, plain, LEN);
        if (number == 0) {
            memcpy(first, data, LEN);
        } else {
            assert_memory_not_equal(data, first, LEN); /* every number has a stream of its own */
        }
        assert_int_equal(seal_open(t, number, data, LEN, tag, &err), OK);
        assert_memory_equal(data, plain, LEN);
    }
    seal_free(s);
    seal_free(t);
}

/* Each bit of piece and tag, another number, another length, another key. */
static void test_nothing_else(void **state)
{
    (void)state;
    uint8_t key[SEAL_KEY_BYTES], plain[LEN], data[LEN], sealed[LEN + SEAL_TAG_BYTES];
    seal *s, *other;
    error err = {0};
    make(key, plain);
    assert_int_equal(seal_new(&s, key, &err), OK);
    key[0] ^= 1;
    assert_int_equal(seal_new(&other, key, &err), OK);
    memcpy(sealed, plain, LEN);
    seal_close(s, 7, sealed, LEN, sealed + LEN);
    for (size_t i = 0; i < 8 * sizeof sealed; i++) {
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
        memcpy(data, sealed, LEN);
        assert_int_equal(seal_open(s, 7, data, LEN, sealed + LEN, &err), ERR_ARTEFACT);
        sealed[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    static const uint8_t zeros[LEN];
    assert_memory_equal(data, zeros, LEN);
    memcpy(data, sealed, LEN);
    assert_int_equal(seal_open(s, 8, data, LEN, sealed + LEN, &err), ERR_ARTEFACT);
    memcpy(data, sealed, LEN);
    assert_int_equal(seal_open(s, 7, data, LEN - 1, sealed + LEN, &err), ERR_ARTEFACT);
    memcpy(data, sealed, LEN);
    assert_int_equal(seal_open(other, 7, data, LEN, sealed + LEN, &err), ERR_ARTEFACT);
    memcpy(data, sealed, LEN);
    assert_int_equal(seal_open(s, 7, data, LEN, sealed + LEN, &err), OK);
    assert_memory_equal(data, plain, LEN);
    seal_free(s);
    seal_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
