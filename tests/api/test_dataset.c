#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/dataset.h"

static span bytes_of(const char *s)
{
    return (span){.data = (const uint8_t *)s, .len = strlen(s)};
}

static void assert_span(span s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}

static void parse(dataset *d, const char *text, dataset_format format)
{
    error err = {0};
    if (dataset_parse(d, bytes_of(text), format, "data", NULL, 0, &err) != OK) {
        fail_msg("%s", err.text);
    }
}

static void test_tsv_sentence(void **state)
{
    (void)state;
    dataset d;
    parse(&d, "\xef\xbb\xbfsentence\tlabel\r\na fine film \t1\r\n\na bad one\t0", DATASET_TSV);
    assert_int_equal(d.n, 2);
    assert_span(d.examples[0].text, "a fine film ");
    assert_span(d.examples[0].label, "1");
    assert_null(d.examples[0].pair.data);
    assert_span(d.examples[1].text, "a bad one");
    assert_int_equal(d.examples[1].line, 4);
    dataset_clear(&d);
}

static void test_tsv_pairs(void **state)
{
    (void)state;
    dataset d;
    parse(&d, "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe \"said\tshe did\n",
          DATASET_TSV);
    assert_span(d.examples[0].text, "He \"said");
    assert_span(d.examples[0].pair, "she did");
    assert_span(d.examples[0].label, "1");
    dataset_clear(&d);
    parse(&d, "index\tquestion\tsentence\tlabel\n0\twho?\tme\tentailment\n", DATASET_TSV);
    assert_span(d.examples[0].text, "who?");
    assert_span(d.examples[0].pair, "me");
    assert_span(d.examples[0].label, "entailment");
    dataset_clear(&d);
}

static void test_tsv_without_header(void **state)
{
    (void)state;
    dataset d;
    parse(&d, "gj04\t1\t\tThe sailors rode the breeze.\ngj04\t0\t*\tThe.\n", DATASET_TSV);
    assert_int_equal(d.n, 2);
    assert_span(d.examples[1].text, "The.");
    assert_span(d.examples[1].label, "0");
    dataset_clear(&d);
}

static void test_jsonl(void **state)
{
    (void)state;
    dataset d;
    parse(&d,
          "{\"sentence\": \"caf\\u00e9\", \"label\": 1}\n\n"
          "{\"premise\": \"a\", \"hypothesis\": \"b\", \"label\": 2.5}\n"
          "{\"question\": \"q\", \"sentence\": \"s\", \"label\": \"yes\"}\n",
          DATASET_JSONL);
    assert_int_equal(d.n, 3);
    assert_span(d.examples[0].text, "caf\xc3\xa9");
    assert_span(d.examples[0].label, "1");
    assert_span(d.examples[1].pair, "b");
    assert_span(d.examples[1].label, "2.5");
    assert_span(d.examples[2].text, "q");
    assert_span(d.examples[2].pair, "s");
    dataset_clear(&d);
}

static void test_limit(void **state)
{
    (void)state;
    const char *texts[] = {"sentence\na\nb\nc\n", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\n",
                           "a\nb\nc\n"};
    const dataset_format formats[] = {DATASET_TSV, DATASET_JSONL, DATASET_LINES};
    for (size_t i = 0; i < 3; i++) {
        dataset d;
        assert_int_equal(dataset_parse(&d, bytes_of(texts[i]), formats[i], "data", NULL, 2, NULL),
                         OK);
        assert_int_equal(d.n, 2);
        dataset_clear(&d);
    }
}

static void test_bad_input_says_what_and_where(void **state)
{
    (void)state;
    static const struct {
        dataset_format format;
        const char *text, *message;
        dataset_columns columns;
    } cases[] = {
        {DATASET_TSV, "", "data: holds no examples", {0}},
        {DATASET_TSV, "sentence\tlabel\n", "data: holds no examples", {0}},
        {DATASET_TSV,
         "a\tb\n1\t2\n",
         "data:1: the header has no column 'sentence' for the text",
         {0}},
        {DATASET_TSV,
         "sentence\n1\n",
         "data:1: the header has no column 'l' for the label",
         {.label = "l"}},
        {DATASET_TSV,
         "sentence\n1\n",
         "data:1: the header has no column 'x' for the text",
         {.text = "x"}},
        {DATASET_TSV,
         "sentence\n1\n",
         "data:1: the header has no column 'p' for the second text",
         {.pair = "p"}},
        {DATASET_TSV, "sentence\tlabel\nx\t1\ty\n", "data:2: 3 columns, the first line has 2", {0}},
        {DATASET_JSONL, "{\"text\": 1}", "data:1: the text must be a string", {0}},
        {DATASET_JSONL, "{\"texts\": \"\"}", "data:1: no field 'sentence' for the text", {0}},
        {DATASET_JSONL,
         "{\"text\": \"\", \"label\": []}",
         "data:1: the label must be a number or a string",
         {0}},
        {DATASET_JSONL, "\n[1]", "data:2: must be a JSON object", {0}},
        {DATASET_JSONL, "{", "data:1:1:2: not valid JSON: a key is missing", {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dataset d;
        error err = {0};
        assert_int_equal(dataset_parse(&d, bytes_of(cases[i].text), cases[i].format, "data",
                                       &cases[i].columns, 0, &err),
                         ERR_ARTEFACT);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(d.n, 0);
    }
}

static void test_too_many_columns(void **state)
{
    (void)state;
    char line[300] = "sentence";
    for (size_t i = 0; i < 80; i++) {
        strcat(line, "\tx");
    }
    error err = {0};
    dataset d;
    assert_int_equal(dataset_parse(&d, bytes_of(line), DATASET_TSV, "data", NULL, 0, &err),
                     ERR_ARTEFACT);
    assert_string_equal(err.text, "data:1: more than 64 columns");
}

static void test_format_by_name(void **state)
{
    (void)state;
    assert_int_equal(dataset_format_of("a/dev.tsv"), DATASET_TSV);
    assert_int_equal(dataset_format_of("dev.jsonl"), DATASET_JSONL);
    assert_int_equal(dataset_format_of("dev.json"), DATASET_JSONL);
    assert_int_equal(dataset_format_of("dev.tsv.txt"), DATASET_LINES);
    assert_int_equal(dataset_format_of("dev"), DATASET_LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tsv_sentence),
        cmocka_unit_test(test_tsv_pairs),
        cmocka_unit_test(test_tsv_without_header),
        cmocka_unit_test(test_jsonl),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_bad_input_says_what_and_where),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_format_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
