#include "test.h"

#include "model/tokenizer_source.h"

static span of(const char *s)
{
    return (span){(const uint8_t *)s, strlen(s)};
}

static const char small_vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\n,\ncafe\n";

static tokenizer *open_small(void)
{
    tokenizer *t = NULL;
    const tokenizer_source s = {.vocab_txt = of(small_vocab)};
    assert_int_equal(tokenizer_from_source(&t, &s, NULL), OK);
    return t;
}

static void check_ids(const encoding *e, const uint32_t *ids, size_t n)
{
    assert_int_equal(e->len, n);
    assert_memory_equal(e->ids, ids, n * sizeof *ids);
}

static void test_text_gets_ids_types_and_places(void **state)
{
    (void)state;
    tokenizer *t = open_small();
    encoding e = {0};
    const char *text = "Hello,  WORLDS caf\xc3\xa9 x";
    assert_int_equal(tokenizer_encode(t, &e, of(text), (span){0}, 100, NULL), OK);
    const uint32_t ids[] = {2, 5, 8, 6, 7, 9, 1, 3};
    check_ids(&e, ids, 8);
    const uint32_t begin[] = {0, 0, 5, 8, 13, 15, 21, 0}, end[] = {0, 5, 6, 13, 14, 20, 22, 0};
    assert_memory_equal(e.begin, begin, sizeof begin);
    assert_memory_equal(e.end, end, sizeof end);
    assert_false(e.truncated);
    assert_int_equal(tokenizer_vocab(t), 10);
    assert_string_equal(tokenizer_token(t, 7), "##s");
    assert_null(tokenizer_token(t, 10));
    encoding_clear(&e);
    tokenizer_free(t);
}

static void test_a_pair_is_cut_at_its_longer_text(void **state)
{
    (void)state;
    tokenizer *t = open_small();
    encoding e = {0};
    assert_int_equal(tokenizer_encode(t, &e, of("hello world hello"), of("world"), 6, NULL), OK);
    const uint32_t ids[] = {2, 5, 6, 3, 6, 3}, types[] = {0, 0, 0, 0, 1, 1};
    check_ids(&e, ids, 6);
    assert_memory_equal(e.types, types, sizeof types);
    assert_true(e.truncated);
    assert_int_equal(tokenizer_encode(t, &e, of("a"), of("b"), 2, NULL), ERR_USAGE);
    encoding_clear(&e);
    tokenizer_free(t);
}

static void test_text_that_is_not_utf8_is_an_error_with_its_place(void **state)
{
    (void)state;
    tokenizer *t = open_small();
    encoding e = {0};
    error err = {0};
    assert_int_equal(tokenizer_encode(t, &e, of("abc\xff"), (span){0}, 9, &err), ERR_ARTEFACT);
    assert_string_equal(err.text, "text: byte 3 (0xff) is not valid UTF-8");
    encoding_clear(&e);
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_gets_ids_types_and_places),
        cmocka_unit_test(test_a_pair_is_cut_at_its_longer_text),
        cmocka_unit_test(test_text_that_is_not_utf8_is_an_error_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
