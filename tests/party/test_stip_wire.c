#include "test.h"

#include "net/wire.h"
#include "party/stip_wire.h"

static const size_t start[] = {0, 2, 3};
static const float values[] = {1, 2, 3, 4, 5, 6};
static const embedded input = {.rows = 3, .dim = 2, .seqs = {.n = 2, .start = start}, .x = values};

static void test_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[64];
    embedded x;
    error err = {0};
    arena *a = arena_new();
    const size_t len = stip_input_bytes(&input);
    assert_int_equal(len, 8 + 2 * 4 + 6 * 4);
    assert_true(len <= stip_input_limit(2));
    stip_input_write(bytes, &input);
    assert_int_equal(stip_input_read(&x, bytes, len, 2, 10, a, &err), OK);
    assert_int_equal(x.rows, 3);
    assert_int_equal(x.seqs.n, 2);
    assert_memory_equal(x.seqs.start, start, sizeof start);
    assert_memory_equal(x.x, values, sizeof values);
    arena_free(a);
}

static void test_wrong_inputs_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t becomes;
        const char *says;
    } cases[] = {
        {0, 0, "0 sequences"},
        {0, 3, "must have"},
        {0, 1 << 20, "1048576 sequences"},
        {4, 3, "3 features, the model has 2"},
        {8, 0, "sequence 1 has 0 tokens"},
        {12, 11, "sequence 2 has 11 tokens, must be 1 to 10"},
        {12, 2, "4 tokens has 24 bytes of values, must have 32"},
    };
    uint8_t bytes[64];
    embedded x;
    arena *a = arena_new();
    const size_t len = stip_input_bytes(&input);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        error err = {0};
        stip_input_write(bytes, &input);
        wire_put_u32(bytes + cases[i].at, cases[i].becomes);
        assert_int_equal(stip_input_read(&x, bytes, len, 2, 10, a, &err), ERR_PROTOCOL);
        if (cases[i].at != 0 || cases[i].becomes != 3) {
            assert_error(err, ERR_PROTOCOL, cases[i].says);
        }
    }
    for (size_t cut = 0; cut < len; cut++) {
        error err = {0};
        stip_input_write(bytes, &input);
        assert_int_equal(stip_input_read(&x, bytes, cut, 2, 10, a, &err), ERR_PROTOCOL);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_wrong_inputs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
