#define _GNU_SOURCE
#include "test.h"

#include "base/cpu.h"

static int clear(void **state)
{
    (void)state;
    return unsetenv("TACIT_ISA");
}

static void test_takes_the_best_unasked(void **state)
{
    (void)state;
    isa level = ISA_REF;
    assert_int_equal(cpu_pick(&level, NULL), OK);
    assert_int_equal(level, cpu_best());
    setenv("TACIT_ISA", "", 1);
    assert_int_equal(cpu_pick(&level, NULL), OK);
    assert_int_equal(level, cpu_best());
}

static void test_takes_what_is_asked_for_where_it_is_there(void **state)
{
    (void)state;
    static const char *const names[] = {"ref", "avx2", "avx512", "amx"};
    for (int asked = ISA_REF; asked <= ISA_AMX; asked++) {
        assert_string_equal(cpu_isa_name((isa)asked), names[asked]);
        setenv("TACIT_ISA", names[asked], 1);
        isa level = ISA_REF;
        error err = {0};
        const status st = cpu_pick(&level, &err);
        if (asked <= (int)cpu_best()) {
            assert_int_equal(st, OK);
            assert_int_equal(level, asked);
        } else {
            assert_int_equal(st, ERR_USAGE);
            assert_error(err, ERR_USAGE, "this processor has", cpu_isa_name(cpu_best()));
        }
    }
}

static void test_refuses_other_words(void **state)
{
    (void)state;
    static const char *const bad[] = {"AVX2", "avx", "sse", "ref ", "0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("TACIT_ISA", bad[i], 1);
        isa level;
        error err = {0};
        assert_int_equal(cpu_pick(&level, &err), ERR_USAGE);
        assert_error(err, ERR_USAGE, "TACIT_ISA=", "must be ref, avx2, avx512 or amx");
        assert_non_null(strstr(err.text, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_takes_the_best_unasked, clear),
        cmocka_unit_test_setup(test_takes_what_is_asked_for_where_it_is_there, clear),
        cmocka_unit_test_setup(test_refuses_other_words, clear),
    };
    return cmocka_run_group_tests(tests, NULL, clear);
}
