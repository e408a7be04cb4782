#include "test.h"

#include "model/unicode.h"

static bool is_surrogate(uint32_t c)
{
    return c - 0xD800 < 0x800;
}

static void test_every_code_point_goes_and_comes_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t bytes[5] = {0};
        uint32_t again = 0, next = 0;
        const size_t n = utf8_encode(bytes, c);
        assert_int_equal(utf8_decode(&again, bytes, n), is_surrogate(c) ? 0 : n);
        assert_int_equal(utf8_length(bytes[0]), n);
        if (!is_surrogate(c)) {
            assert_int_equal(utf8_next(&next, bytes), n);
            assert_true(again == c && next == c && utf8_before(bytes + n) == c);
            for (size_t part = 1; part < n; part++) {
                assert_int_equal(utf8_decode(&again, bytes, part), 0);
            }
        }
    }
}

/* Whatever is accepted is the one way to write that code point: all of three bytes, and those of
 * four whose last byte continues. */
static void test_nothing_else_is_accepted(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 1u << 24; bits++) {
        const uint8_t bytes[4] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits, 0x80};
        uint8_t again[4];
        uint32_t c;
        const size_t n = utf8_decode(&c, bytes, sizeof bytes);
        if (n > 0 && (utf8_encode(again, c) != n || memcmp(again, bytes, n) != 0)) {
            fail_msg("%06x is read as U+%04X", bits, c);
        }
    }
}

static void test_check_names_the_byte(void **state)
{
    (void)state;
    error err = {0};
    assert_int_equal(utf8_check((span){(const uint8_t *)"ab\xc3", 3}, "text", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "text: byte 2 (0xc3)");
    assert_int_equal(utf8_check((span){(const uint8_t *)"a\0b", 3}, "text", &err), OK);
    assert_int_equal(utf8_check((span){NULL, 0}, "text", &err), OK);
}

static void check_decomposed(uint32_t c, const uint32_t *parts, size_t n)
{
    uint32_t out[UNICODE_MAX_DECOMPOSED];
    assert_int_equal(unicode_decompose(out, c), n);
    assert_memory_equal(out, parts, n * sizeof *parts);
}

static void test_decomposition(void **state)
{
    (void)state;
    check_decomposed('a', (const uint32_t[]){'a'}, 1);
    check_decomposed(0xE9, (const uint32_t[]){'e', 0x301}, 2);
    check_decomposed(0x1E14, (const uint32_t[]){'E', 0x304, 0x300}, 3);
    check_decomposed(0x1F82, (const uint32_t[]){0x3B1, 0x313, 0x300, 0x345}, 4);
    check_decomposed(0x2126, (const uint32_t[]){0x3A9}, 1);
    check_decomposed(0xAC00, (const uint32_t[]){0x1100, 0x1161}, 2);
    check_decomposed(0xD7A3, (const uint32_t[]){0x1112, 0x1175, 0x11C2}, 3);
    check_decomposed(0xFB01, (const uint32_t[]){0xFB01}, 1); /* compatibility only */
    /* No decomposition is cut short: what it gives decomposes no further. */
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint32_t out[UNICODE_MAX_DECOMPOSED], again[UNICODE_MAX_DECOMPOSED];
        const size_t n = unicode_decompose(out, c);
        for (size_t i = 0; i < n; i++) {
            assert_true(unicode_decompose(again, out[i]) == 1 && again[0] == out[i]);
        }
    }
}

static void test_lower_case(void **state)
{
    (void)state;
    uint32_t out[UNICODE_MAX_LOWERED];
    const uint32_t pairs[][2] = {{'A', 'a'},     {'Z', 'z'},     {'[', '['},        {0xC0, 0xE0},
                                 {0xD7, 0xD7},   {0x100, 0x101}, {0x101, 0x101},    {0x3A3, 0x3C3},
                                 {0x1E9E, 0xDF}, {0x212B, 0xE5}, {0x10400, 0x10428}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(unicode_lower(out, pairs[i][0]), 1);
        assert_int_equal(out[0], pairs[i][1]);
    }
    assert_int_equal(unicode_lower(out, 0x130), 2);
    assert_true(out[0] == 'i' && out[1] == 0x307);
}

static void test_classes(void **state)
{
    (void)state;
    assert_int_equal(unicode_class('a'), UNICODE_LETTER | UNICODE_WORD);
    assert_int_equal(unicode_class('7'), UNICODE_NUMBER | UNICODE_WORD);
    assert_int_equal(unicode_class('_'), UNICODE_PUNCT | UNICODE_WORD);
    assert_int_equal(unicode_class('\t'), UNICODE_SPACE);
    assert_int_equal(unicode_class(0), UNICODE_OTHER);
    assert_int_equal(unicode_class(0x4E00), UNICODE_LETTER | UNICODE_WORD | UNICODE_CJK);
    assert_int_equal(unicode_class(0x10FFFF), 0);
    assert_int_equal(unicode_combining_class(0x301), 230);
    assert_int_equal(unicode_combining_class(0x334), 1);
    for (uint32_t c = 0; c < 128; c++) {
        assert_int_equal(unicode_class(c), unicode_class_search(c));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point_goes_and_comes_back),
        cmocka_unit_test(test_nothing_else_is_accepted),
        cmocka_unit_test(test_check_names_the_byte),
        cmocka_unit_test(test_decomposition),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
