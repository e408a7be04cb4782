#include "test.h"

#include "net/frame.h"

/* Computed from docs/formats/frames.md with the AES-GCM of Python's cryptography package. */
static const char header_hex[] =
    "5441434601000203000102030405060708090a0b0c0d0e0f080706050403020107000000000000002c010000000000"
    "00"
    "181716151413121102f2e540a97a732d483658b888d68aa575bd6357653c7d172f5dc941c57d065d";

static frame_key *numbered_key(void)
{
    uint8_t key[32];
    for (size_t i = 0; i < 32; i++) {
        key[i] = (uint8_t)i;
    }
    frame_key *k = frame_key_new(key, NULL);
    assert_non_null(k);
    return k;
}

static void from_hex(uint8_t *out, size_t len, const char *hex)
{
    assert_int_equal(strlen(hex), 2 * len);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

static frame_header sample(frame_key *k)
{
    frame_header h = {.from = 2,
                      .to = 3,
                      .number = UINT64_C(0x0102030405060708),
                      .len = 7,
                      .op = 300,
                      .sent_ns = UINT64_C(0x1112131415161718)};
    for (size_t i = 0; i < FRAME_SESSION_BYTES; i++) {
        h.session[i] = (uint8_t)i;
    }
    frame_tag(k, h.payload_tag, h.number, (const uint8_t *)"payload", 7);
    return h;
}

static void test_layout_and_tags_are_those_documented(void **state)
{
    (void)state;
    uint8_t expected[FRAME_HEADER_BYTES], out[FRAME_HEADER_BYTES], empty[FRAME_TAG_BYTES];
    frame_key *k = numbered_key();
    const frame_header h = sample(k);
    frame_seal(k, out, &h);
    from_hex(expected, sizeof expected, header_hex);
    assert_memory_equal(out, expected, sizeof out);
    frame_tag(k, empty, 5, NULL, 0);
    from_hex(expected, FRAME_TAG_BYTES, "705705be4c0b493a3c5c9944fa5f3489");
    assert_memory_equal(empty, expected, FRAME_TAG_BYTES);
    frame_key_free(k);
}

static void test_what_is_sealed_opens(void **state)
{
    (void)state;
    uint8_t out[FRAME_HEADER_BYTES];
    frame_key *k = numbered_key();
    const frame_header h = sample(k);
    frame_header read;
    frame_seal(k, out, &h);
    assert_int_equal(frame_open(k, &read, out, NULL), OK);
    assert_int_equal(read.from, 2);
    assert_int_equal(read.to, 3);
    assert_memory_equal(read.session, h.session, FRAME_SESSION_BYTES);
    assert_true(read.number == h.number && read.len == 7 && read.op == 300);
    assert_true(read.sent_ns == h.sent_ns);
    assert_true(frame_same_tag(read.payload_tag, h.payload_tag));
    read.payload_tag[15] ^= 1;
    assert_false(frame_same_tag(read.payload_tag, h.payload_tag));
    frame_key_free(k);
}

/* Tags depend on the number, and a header's is not a payload's. */
static void test_no_two_tags_share_a_nonce(void **state)
{
    (void)state;
    frame_key *k = numbered_key();
    uint8_t tags[3][FRAME_TAG_BYTES], header[FRAME_HEADER_BYTES];
    frame_header h = sample(k);
    h.number = 1;
    frame_seal(k, header, &h);
    frame_tag(k, tags[0], 1, header, FRAME_HEADER_BYTES - FRAME_TAG_BYTES);
    frame_tag(k, tags[1], 2, header, FRAME_HEADER_BYTES - FRAME_TAG_BYTES);
    assert_memory_not_equal(tags[0], tags[1], FRAME_TAG_BYTES);
    assert_memory_not_equal(tags[0], header + FRAME_HEADER_BYTES - FRAME_TAG_BYTES,
                            FRAME_TAG_BYTES);
    frame_key_free(k);
    frame_key_free(NULL);
}

static void test_too_long_a_payload_is_out_of_range(void **state)
{
    (void)state;
    uint8_t out[FRAME_HEADER_BYTES];
    frame_key *k = numbered_key();
    frame_header h = sample(k), read;
    error err = {0};
    h.len = FRAME_MAX_BYTES;
    frame_seal(k, out, &h);
    assert_int_equal(frame_open(k, &read, out, &err), OK);
    h.len++;
    frame_seal(k, out, &h);
    assert_int_equal(frame_open(k, &read, out, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "has a field out of its range");
    frame_key_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_and_tags_are_those_documented),
        cmocka_unit_test(test_what_is_sealed_opens),
        cmocka_unit_test(test_no_two_tags_share_a_nonce),
        cmocka_unit_test(test_too_long_a_payload_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
