#include "test.h"

#include "base/mem.h"
#include "base/text.h"

static void test_appends_and_prints(void **state)
{
    (void)state;
    text t = {0};
    assert_int_equal(text_append(&t, NULL, 0), OK);
    assert_string_equal(t.bytes, "");
    assert_int_equal(text_append(&t, "abc", 2), OK);
    assert_int_equal(text_printf(&t, "-%d-%s", 7, "x"), OK);
    assert_int_equal(text_append(&t, "a\0b", 3), OK);
    assert_int_equal(t.len, 9);
    assert_memory_equal(t.bytes, "ab-7-xa\0b", 9);
    text_clear(&t);
    assert_null(t.bytes);
    assert_int_equal(t.len + t.cap, 0);
    text_clear(&t);
}

static void test_grows_with_every_length(void **state)
{
    (void)state;
    text t = {0};
    for (size_t i = 0; i < 5000; i++) {
        const char c = (char)('a' + i % 26);
        assert_int_equal(i % 2 ? text_printf(&t, "%c", c) : text_append(&t, &c, 1), OK);
        assert_int_equal(t.len, i + 1);
        assert_int_equal(t.bytes[i + 1], 0);
    }
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(t.bytes[i], 'a' + (int)(i % 26));
    }
    text_clear(&t);
}

/* What cannot be had leaves the text as it was. */
static void test_sizes_that_do_not_fit(void **state)
{
    (void)state;
    text t = {0};
    assert_int_equal(text_append(&t, "kept", 4), OK);
    assert_int_equal(text_append(&t, "", SIZE_MAX - 2), ERR_RESOURCE);
    assert_int_equal(text_append(&t, "", SIZE_MAX - 4), ERR_RESOURCE);
    assert_int_equal(text_append(&t, "", SIZE_MAX - 100), ERR_RESOURCE);
    assert_string_equal(t.bytes, "kept");
    text_clear(&t);
}

static void test_strings_are_copied(void **state)
{
    (void)state;
    char *s = mem_strdup("whole"), *part = mem_strndup("whole", 2), *empty = mem_strndup("", 0);
    assert_string_equal(s, "whole");
    assert_string_equal(part, "wh");
    assert_string_equal(empty, "");
    assert_null(mem_strndup("x", SIZE_MAX));
    mem_wipe(s, 5);
    assert_int_equal(s[0] | s[4], 0);
    mem_free(s);
    mem_free(part);
    mem_free(empty);
    mem_free(NULL);
}

static void test_arrays_grow_and_keep(void **state)
{
    (void)state;
    uint32_t *a = NULL;
    size_t cap = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(mem_reserve((void **)&a, &cap, i + 1, sizeof *a));
        assert_true(cap > i);
        a[i] = i;
    }
    const size_t before = cap;
    assert_false(mem_reserve((void **)&a, &cap, SIZE_MAX / 2, sizeof *a));
    assert_int_equal(cap, before);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(a[i], i);
    }
    mem_free(a);
    void *huge = NULL;
    cap = SIZE_MAX / 2 + 1; /* twice that does not fit */
    assert_false(mem_reserve(&huge, &cap, SIZE_MAX, 1));
}

static void test_everything_is_zero_and_aligned(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += 7) {
        uint8_t *p = mem_new(n, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % MEM_ALIGN, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xa5, n);
        mem_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_and_prints),
        cmocka_unit_test(test_grows_with_every_length),
        cmocka_unit_test(test_sizes_that_do_not_fit),
        cmocka_unit_test(test_strings_are_copied),
        cmocka_unit_test(test_arrays_grow_and_keep),
        cmocka_unit_test(test_everything_is_zero_and_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
