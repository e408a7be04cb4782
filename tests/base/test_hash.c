/* SHA-256 against the examples of FIPS 180-4, in pieces too. */
#include "test.h"

#include "base/hash.h"

static void expect(const span *pieces, size_t n, const char *wanted)
{
    uint8_t digest[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    assert_int_equal(hash_sha256(digest, pieces, n, NULL), OK);
    for (size_t i = 0; i < HASH_BYTES; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    assert_string_equal(hex, wanted);
}

static span bytes(const char *s)
{
    return (span){.data = (const uint8_t *)s, .len = strlen(s)};
}

static void test_examples(void **state)
{
    (void)state;
    const span abc = bytes("abc");
    const span pieces[] = {
        bytes("abcdbcdecdefdefgefghfghi"), {NULL, 0}, bytes("ghijhijkijkljklmklmnlmnomnopnopq")};
    expect(&abc, 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(pieces, 3, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_equal(void **state)
{
    (void)state;
    uint8_t a[HASH_BYTES] = {1}, b[HASH_BYTES] = {1};
    assert_true(hash_equal(a, b));
    b[HASH_BYTES - 1] = 1;
    assert_false(hash_equal(a, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
