#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/status.h"

static void test_error_prefix_keeps_the_reason(void **state)
{
    (void)state;
    error err = {0};
    assert_int_equal(error_set(&err, ERR_ARTEFACT, "field '%s' is missing", "dim"), ERR_ARTEFACT);
    error_prefix(&err, "config%s", ".json");
    assert_string_equal(err.text, "config.json: field 'dim' is missing");
}

static void test_errors_fit_their_room(void **state)
{
    (void)state;
    static char long_text[2 * ERROR_TEXT_BYTES];
    memset(long_text, 'x', sizeof long_text - 1);
    error err = {0};
    assert_int_equal(error_set(&err, ERR_USAGE, "%s", long_text), ERR_USAGE);
    assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
    error_prefix(&err, "file");
    assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "file: xx", 8);
    error_prefix(&err, "%s", long_text); /* no room for it beside a reason: left out */
    assert_memory_equal(err.text, "file: xx", 8);

    assert_int_equal(error_memory(&err), ERR_RESOURCE);
    assert_string_equal(err.text, "out of memory");
    assert_int_equal(error_set(NULL, ERR_PROTOCOL, "nobody listens"), ERR_PROTOCOL);
    error_prefix(NULL, "nobody");
}

static void test_errors_hold_no_control_characters(void **state)
{
    (void)state;
    error err = {0};
    error_set(&err, ERR_ARTEFACT, "tensor '\033[2J\n\x7f\xc2\x9b[mé'");
    assert_string_equal(err.text, "tensor '?[2J????[mé'");
    error_prefix(&err, "\r%s", "file\t");
    assert_string_equal(err.text, "?file?: tensor '?[2J????[mé'");
}

static void test_arena_gives_back_and_wipes(void **state)
{
    (void)state;
    arena *a = arena_new();
    uint8_t *keep = arena_take(a, 10, 1);
    memset(keep, 1, 10);
    const arena_mark_t mark = arena_mark(a);
    uint8_t *first = arena_take(a, 100, 1);
    memset(first, 7, 100);
    assert_non_null(arena_take(a, 1 << 20, 1)); /* a block of its own */
    arena_release(a, mark);
    assert_int_equal(first[0] | first[99], 0);
    assert_int_equal(keep[9], 1);
    assert_ptr_equal(arena_take(a, 100, 1), first);
    assert_null(arena_take(a, SIZE_MAX / 2, 4));
    arena_free(a);
}

static void count_up(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        ((uint32_t *)ctx)[i]++;
    }
}

static void test_parallel_for_visits_each_index_once(void **state)
{
    (void)state;
    for (size_t threads = 1; threads <= 4; threads++) {
        pool *p;
        assert_int_equal(pool_new(&p, threads, NULL), OK);
        for (size_t n = 0; n < 70; n++) {
            for (size_t grain = 1; grain < 9; grain += 3) {
                uint32_t seen[70] = {0};
                parallel_for(p, n, grain, count_up, seen);
                for (size_t i = 0; i < 70; i++) {
                    assert_int_equal(seen[i], i < n);
                }
            }
        }
        pool_free(p);
    }
}

static void test_sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(mem_new(SIZE_MAX / 2, 3));
    assert_null(mem_new(SIZE_MAX, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_prefix_keeps_the_reason),
        cmocka_unit_test(test_errors_fit_their_room),
        cmocka_unit_test(test_errors_hold_no_control_characters),
        cmocka_unit_test(test_arena_gives_back_and_wipes),
        cmocka_unit_test(test_parallel_for_visits_each_index_once),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
