#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/vocab.h"

static span of(const char *s)
{
    return (span){(const uint8_t *)s, strlen(s)};
}

static void test_finds_what_was_added_and_nothing_else(void **state)
{
    (void)state;
    vocab v = {0};
    char name[32];
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(vocab_add(&v, of(name), 3 * i, NULL), OK);
    }
    assert_int_equal(v.n, 5000);
    assert_int_equal(v.end, 3 * 4999 + 1);
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(vocab_find(&v, of(name)), 3 * i);
        assert_string_equal(vocab_token(&v, 3 * i), name);
        assert_null(vocab_token(&v, 3 * i + 1));
    }
    assert_int_equal(vocab_find(&v, of("t5000")), VOCAB_NONE);
    assert_int_equal(vocab_find(&v, of("")), VOCAB_NONE);
    vocab_clear(&v);
}

static void test_a_string_added_again_moves_to_the_new_id(void **state)
{
    (void)state;
    vocab v = {0};
    assert_int_equal(vocab_add(&v, of("a"), 0, NULL), OK);
    assert_int_equal(vocab_add(&v, of("a"), 7, NULL), OK);
    assert_int_equal(vocab_find(&v, of("a")), 7);
    assert_null(vocab_token(&v, 0));
    assert_string_equal(vocab_token(&v, 7), "a");
    assert_int_equal(v.n, 1);
    vocab_clear(&v);
}

static void test_strings_may_hold_any_bytes(void **state)
{
    (void)state;
    vocab v = {0};
    assert_int_equal(vocab_add(&v, (span){(const uint8_t *)"a\0b", 3}, 1, NULL), OK);
    assert_int_equal(vocab_add(&v, (span){(const uint8_t *)"a\0c", 3}, 2, NULL), OK);
    assert_int_equal(vocab_add(&v, (span){NULL, 0}, 3, NULL), OK);
    assert_int_equal(vocab_find(&v, (span){(const uint8_t *)"a\0b", 3}), 1);
    assert_int_equal(vocab_find(&v, (span){(const uint8_t *)"a\0c", 3}), 2);
    assert_int_equal(vocab_find(&v, of("a")), VOCAB_NONE);
    assert_int_equal(vocab_find(&v, of("")), 3);
    vocab_clear(&v);
}

static void test_limits_are_errors(void **state)
{
    (void)state;
    vocab v = {0};
    error err = {0};
    static const uint8_t long_token[VOCAB_MAX_TOKEN + 1];
    assert_int_equal(vocab_add(&v, (span){long_token, VOCAB_MAX_TOKEN}, 0, &err), OK);
    assert_int_equal(vocab_add(&v, (span){long_token, VOCAB_MAX_TOKEN + 1}, 1, &err), ERR_ARTEFACT);
    assert_non_null(strstr(err.text, "4097 bytes"));
    assert_int_equal(vocab_add(&v, of("x"), VOCAB_MAX_ID, &err), ERR_ARTEFACT);
    assert_non_null(strstr(err.text, "'x'"));
    vocab_clear(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_added_and_nothing_else),
        cmocka_unit_test(test_a_string_added_again_moves_to_the_new_id),
        cmocka_unit_test(test_strings_may_hold_any_bytes),
        cmocka_unit_test(test_limits_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
