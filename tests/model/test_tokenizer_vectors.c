/* Each case of tests/vectors/tokenizer, which tools/make_tokenizer_vectors.py has from Hugging
 * Face's tokenizers: ids, types, offsets, what is cut. */
#include "test.h"

#include "base/file.h"
#include "base/json.h"
#include "model/tokenizer.h"

#define FOLDER "tests/vectors/tokenizer/"

static span span_of(const json_t *string)
{
    return json_is_string(string)
               ? (span){(const uint8_t *)json_string_value(string), json_string_length(string)}
               : (span){0};
}

static void check_numbers(const json_t *wanted, const uint32_t *got, size_t len, const char *name,
                          const char *key, size_t line)
{
    const json_t *list = json_object_get(wanted, key);
    if (json_array_size(list) != len) {
        fail_msg("%s: line %zu: %zu %s, wanted %zu", name, line, len, key, json_array_size(list));
    }
    for (size_t i = 0; i < len; i++) {
        const json_int_t n = json_integer_value(json_array_get(list, i));
        if (n != (json_int_t)got[i]) {
            fail_msg("%s: line %zu: %s[%zu] is %u, wanted %d", name, line, key, i, (unsigned)got[i],
                     (int)n);
        }
    }
}

static void check_case(const tokenizer *t, encoding *e, span text, const char *name, size_t line)
{
    json_t *wanted;
    error err = {0};
    size_t max_tokens = 0;
    bool truncated = false;
    assert_int_equal(json_read(&wanted, text, name, &err), OK);
    assert_int_equal(
        json_get_size(wanted, "max_tokens", true, 0, SIZE_MAX, &max_tokens, name, &err), OK);
    assert_int_equal(json_get_bool(wanted, "truncated", true, &truncated, name, &err), OK);
    const span first = span_of(json_object_get(wanted, "text"));
    const span second = span_of(json_object_get(wanted, "pair"));
    if (tokenizer_encode(t, e, first, second, max_tokens, &err) != OK) {
        fail_msg("%s: line %zu: %s", name, line, err.text);
    }
    check_numbers(wanted, e->ids, e->len, name, "ids", line);
    check_numbers(wanted, e->types, e->len, name, "types", line);
    check_numbers(wanted, e->begin, e->len, name, "begin", line);
    check_numbers(wanted, e->end, e->len, name, "end", line);
    assert_int_equal(e->truncated, truncated);
    json_decref(wanted);
}

/* All cases of a folder; each encoding goes into what the one before left. */
static void check_folder(const char *dir, const char *cases, size_t max_tokens)
{
    tokenizer *t;
    file_map file;
    error err = {0};
    if (tokenizer_open(&t, dir, &err) != OK || file_open(&file, cases, SIZE_MAX, &err) != OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(tokenizer_max_tokens(t), max_tokens);
    encoding e = {0};
    size_t line = 0;
    for (size_t at = 0; at < file.bytes.len;) {
        const uint8_t *from = file.bytes.data + at;
        const uint8_t *newline = memchr(from, '\n', file.bytes.len - at);
        assert_non_null(newline);
        check_case(t, &e, (span){from, (size_t)(newline - from)}, cases, ++line);
        at += (size_t)(newline - from) + 1;
    }
    assert_true(line > 80);
    encoding_clear(&e);
    file_close(&file);
    tokenizer_free(t);
}

#define CHECK_FOLDER(name, max_tokens)                                                             \
    check_folder(FOLDER name, FOLDER name "/cases.jsonl", max_tokens)

static void test_bert_from_vocab_txt(void **state)
{
    (void)state;
    CHECK_FOLDER("bert-files", 128);
    CHECK_FOLDER("bert-cased-files", SIZE_MAX);
}

static void test_bert_from_tokenizer_json(void **state)
{
    (void)state;
    CHECK_FOLDER("bert-json", SIZE_MAX);
}

static void test_roberta_from_tokenizer_json(void **state)
{
    (void)state;
    CHECK_FOLDER("roberta-json", 512);
}

static void test_byte_bpe_from_vocab_json_and_merges(void **state)
{
    (void)state;
    CHECK_FOLDER("roberta-files", SIZE_MAX);
    CHECK_FOLDER("gpt2-files", SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bert_from_vocab_txt),
        cmocka_unit_test(test_bert_from_tokenizer_json),
        cmocka_unit_test(test_roberta_from_tokenizer_json),
        cmocka_unit_test(test_byte_bpe_from_vocab_json_and_merges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
