/* The public interface, as a program that has only tacit.h sees it. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "support/scratch.h"
#include "tacit.h"
#include "test.h"

#define MODELS "tests/vectors/models/"

static tacit_model *open_model(const char *dir)
{
    tacit_model *m = NULL;
    tacit_error err;
    if (tacit_model_open(&m, dir, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

static tacit_session *open_session(const tacit_model *m, const tacit_session_options *o)
{
    tacit_session *s = NULL;
    tacit_error err;
    if (tacit_session_new(&s, m, o, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    return s;
}

static json_t *take_json(char *text)
{
    json_t *o = json_loads(text, 0, NULL);
    assert_non_null(o);
    tacit_string_free(text);
    return o;
}

static tacit_result *run_texts(tacit_session *s, const char *const *texts, size_t n)
{
    tacit_input inputs[8] = {{0}};
    tacit_result *r = NULL;
    tacit_error err;
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++) {
        inputs[i] = (tacit_input){.text = texts[i], .text_len = strlen(texts[i])};
    }
    if (tacit_run(s, &r, inputs, n, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    return r;
}

/* The first answer's numbers against those of transformers. */
static void assert_values(const tacit_result *r, size_t i, const double *expected, size_t n)
{
    size_t rows, columns;
    const float *v = tacit_result_values(r, i, &rows, &columns);
    assert_int_equal(rows * columns, n);
    for (size_t j = 0; j < n; j++) {
        assert_true(fabs(v[j] - expected[j]) < 1e-4);
    }
}

static void test_text_to_label(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = open_session(m, NULL);
    const char *texts[] = {"the film was very good!", "dull"};
    tacit_result *r = run_texts(s, texts, 2);
    assert_int_equal(tacit_result_kind(r), TACIT_LABEL);
    assert_int_equal(tacit_result_count(r), 2);
    assert_values(r, 0, (const double[]){-0.3338042023, 1.062014565}, 2);
    assert_values(r, 1, (const double[]){-0.2292231228, 0.6365914447}, 2);
    assert_string_equal(tacit_result_label(r, 0), "positive");
    const double p = tacit_result_probability(r, 0, 0, 1);
    assert_true(fabs(p - 1 / (1 + exp(-0.3338042023 - 1.062014565))) < 1e-4);
    assert_true(fabs(p + tacit_result_probability(r, 0, 0, 0) - 1) < 1e-12);
    assert_false(tacit_result_truncated(r, 0));
    assert_true(isnan(tacit_result_probability(r, 0, 0, 2)));
    tacit_result_free(r);
    tacit_session_free(s);
    tacit_model_free(m);
}

static void test_many_inputs_answer_as_one_by_one(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = open_session(m, &(tacit_session_options){.threads = 2});
    enum { N = 400 }; /* more rows than one run takes */
    tacit_input inputs[N];
    const char *texts[] = {"the film was very good!", "dull",
                           "it's a bad story, not fun - the plot was warm and cold"};
    for (size_t i = 0; i < N; i++) {
        inputs[i] = (tacit_input){.text = texts[i % 3], .text_len = strlen(texts[i % 3])};
    }
    tacit_result *all = NULL, *one = run_texts(s, texts, 3);
    tacit_error err;
    assert_int_equal(tacit_run(s, &all, inputs, N, &err), TACIT_OK);
    for (size_t i = 0; i < N; i++) {
        size_t rows, columns;
        const float *a = tacit_result_values(all, i, &rows, &columns);
        const float *b = tacit_result_values(one, i % 3, &rows, &columns);
        assert_memory_equal(a, b, columns * sizeof *a);
    }
    tacit_result_free(all);
    tacit_result_free(one);
    tacit_session_free(s);
    tacit_model_free(m);
}

static void test_padded_batch(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = open_session(m, NULL);
    const uint32_t ids[] = {2, 70, 84, 77, 86, 82, 7, 3, 2, 90, 3, 0, 0, 0, 0, 0};
    uint8_t mask[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
    tacit_batch b = {.n = 2, .width = 8, .ids = ids, .mask = mask};
    tacit_result *r = NULL;
    tacit_error err;
    assert_int_equal(tacit_run_batch(s, &r, &b, &err), TACIT_OK);
    assert_values(r, 1, (const double[]){-0.2292231228, 0.6365914447}, 2);
    tacit_result_free(r);

    mask[8] = 0;
    assert_int_equal(tacit_run_batch(s, &r, &b, &err), TACIT_ERR_ARTEFACT);
    assert_string_equal(err.text,
                        "input 2: its first token, which the model answers from, is masked");
    const uint32_t outside[] = {2, 104, 3};
    b = (tacit_batch){.n = 1, .width = 3, .ids = outside};
    assert_int_equal(tacit_run_batch(s, &r, &b, &err), TACIT_ERR_ARTEFACT);
    assert_string_equal(err.text, "token id 104: the vocabulary has 104");
    b = (tacit_batch){.n = SIZE_MAX / 2, .width = 3, .ids = outside};
    assert_int_equal(tacit_run_batch(s, &r, &b, &err), TACIT_ERR_USAGE);
    assert_null(r);
    tacit_session_free(s);
    tacit_model_free(m);
}

static void test_all_tokens_masked(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-token");
    tacit_session *s = open_session(m, NULL);
    const uint32_t ids[] = {2, 3};
    const uint8_t mask[] = {0, 0};
    const tacit_batch b = {.n = 1, .width = 2, .ids = ids, .mask = mask};
    tacit_result *r = NULL;
    tacit_error err;
    assert_int_equal(tacit_run_batch(s, &r, &b, &err), TACIT_ERR_ARTEFACT);
    assert_string_equal(err.text, "input 1: every token is masked");
    tacit_session_free(s);
    tacit_model_free(m);
}

static json_t *first_json(const char *dir, const char *input, tacit_kind kind)
{
    tacit_model *m = open_model(dir);
    tacit_session *s = open_session(m, NULL);
    tacit_result *r = run_texts(s, &input, 1);
    tacit_error err;
    char *text = NULL;
    assert_int_equal(tacit_result_kind(r), kind);
    assert_int_equal(tacit_result_json(r, 0, &text, &err), TACIT_OK);
    tacit_result_free(r);
    tacit_session_free(s);
    tacit_model_free(m);
    return take_json(text);
}

static void test_kinds(void **state)
{
    (void)state;
    json_t *o = first_json(MODELS "bert-multi-label", "dull", TACIT_LABELS);
    assert_non_null(json_object_get(o, "labels"));
    assert_true(json_object_size(json_object_get(o, "probabilities")) > 1);
    json_decref(o);

    o = first_json(MODELS "bert-regression", "dull", TACIT_REGRESSION);
    assert_int_equal(json_array_size(json_object_get(o, "values")), 1);
    json_decref(o);

    o = first_json(MODELS "bert-token", "dull film", TACIT_TOKENS);
    const json_t *tokens = json_object_get(o, "tokens");
    assert_int_equal(json_array_size(tokens),
                     json_integer_value(json_object_get(o, "input_tokens")));
    const json_t *film = json_array_get(tokens, json_array_size(tokens) - 2);
    assert_string_equal(json_string_value(json_object_get(film, "token")), "film");
    assert_int_equal(json_integer_value(json_object_get(film, "begin")), 5);
    assert_int_equal(json_integer_value(json_object_get(film, "end")), 9);
    json_decref(o);

    o = first_json(MODELS "sentence-mean", "dull film", TACIT_EMBEDDING);
    const json_t *v = json_object_get(o, "embedding");
    double sum = 0;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const double x = json_number_value(json_array_get(v, i));
        sum += x * x;
    }
    assert_true(fabs(sum - 1) < 1e-5);
    json_decref(o);
}

static void test_report(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = open_session(m, NULL);
    tacit_error err;
    char *text = NULL;
    assert_int_equal(tacit_session_report(s, &text, &err), TACIT_OK);
    json_t *o = take_json(text);
    assert_string_equal(json_string_value(json_object_get(o, "protect")), "plain");
    assert_string_equal(json_string_value(json_object_get(o, "recipe")), "exact");
    assert_true(json_integer_value(json_object_get(o, "peak_bytes")) > 0);
    assert_non_null(json_object_get(json_object_get(o, "learned"), "this machine"));
    json_decref(o);
    tacit_session_free(s);
    tacit_model_free(m);
}

static void test_wrong_options(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = NULL;
    tacit_error err;
    const tacit_session_options protect = {.protect = "magic"}, precision = {.precision = "f8"};
    assert_int_equal(tacit_session_new(&s, m, &protect, &err), TACIT_ERR_USAGE);
    assert_string_equal(err.text, "protection 'magic': this program has: plain, stip, mpc, he");
    assert_int_equal(tacit_session_new(&s, m, &precision, &err), TACIT_ERR_USAGE);
    assert_string_equal(err.text, "precision 'f8': must be f32 or bf16");
    assert_int_equal(tacit_session_new(&s, m, &(tacit_session_options){.threads = 100000}, NULL),
                     TACIT_ERR_USAGE);
    assert_null(s);
    tacit_model_free(m);
    assert_int_equal(tacit_model_open(&m, "tests", &err), TACIT_ERR_ARTEFACT);
    assert_null(m);
}

static void count_line(void *ctx, const char *json)
{
    (void)json;
    ++*(size_t *)ctx;
}

static char *write_temp(const char *suffix, const char *bytes)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tacit-test-%d%s", (int)getpid(), suffix);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(bytes, f);
    fclose(f);
    return path;
}

static void test_eval(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-sequence");
    tacit_session *s = open_session(m, NULL);
    tacit_error err;
    char *text = NULL;
    size_t lines = 0;
    const char *path = write_temp(".tsv", "sentence\tlabel\nthe film was very good!\t1\n"
                                          "dull\t0\ndull\tpositive\n");
    const tacit_eval_options o = {.prediction = count_line, .ctx = &lines, .batch = 2};
    assert_int_equal(tacit_eval(s, path, &o, &text, &err), TACIT_OK);
    json_t *r = take_json(text);
    assert_int_equal(json_integer_value(json_object_get(r, "n")), 3);
    assert_int_equal(json_integer_value(json_object_get(r, "correct")), 2);
    assert_int_equal(lines, 3);
    json_decref(r);

    write_temp(".tsv", "sentence\tlabel\ndull\t2\n");
    assert_int_equal(tacit_eval(s, path, NULL, &text, &err), TACIT_ERR_ARTEFACT);
    assert_non_null(strstr(err.text, ".tsv:2: label '2' is none of the model's 2"));
    write_temp(".tsv", "sentence\tlabel\ndull\t0\n\xff\t0\n");
    assert_int_equal(tacit_eval(s, path, NULL, &text, &err), TACIT_ERR_ARTEFACT);
    assert_non_null(strstr(err.text, ".tsv: examples from line 2: input 2"));
    assert_null(text);
    unlink(path);
    tacit_session_free(s);
    tacit_model_free(m);
}

static void test_eval_of_a_regression(void **state)
{
    (void)state;
    tacit_model *m = open_model(MODELS "bert-regression");
    tacit_session *s = open_session(m, NULL);
    tacit_error err;
    char *text = NULL;
    const char *path = write_temp(
        ".jsonl", "{\"sentence1\": \"dull\", \"sentence2\": \"film\", \"score\": 1}\n"
                  "{\"sentence1\": \"good\", \"sentence2\": \"bad\", \"score\": 2.5}\n"
                  "{\"sentence1\": \"the\", \"sentence2\": \"the plot\", \"score\": 4}\n");
    assert_int_equal(tacit_eval(s, path, NULL, &text, &err), TACIT_OK);
    json_t *r = take_json(text);
    const double pearson = json_number_value(json_object_get(r, "pearson"));
    assert_true(fabs(pearson) <= 1 && pearson != 0);
    assert_null(json_object_get(r, "accuracy"));
    json_decref(r);
    unlink(path);
    tacit_session_free(s);
    tacit_model_free(m);
}

static double milliseconds_of(const json_t *o, const char *which)
{
    return json_number_value(json_object_get(json_object_get(o, "milliseconds"), which));
}

/* Both sides of the comparison stand in one report, and the ratio is theirs. */
static void test_bench_beside_plain(void **state)
{
    (void)state;
    static const char *const recipes[] = {"exact", "freediv", "poly"};
    for (size_t i = 0; i < 3; i++) {
        tacit_error err;
        char *text = NULL;
        const tacit_bench_options o = {.shape = "bert-tiny",
                                       .tokens = 9,
                                       .repeat = 3,
                                       .recipe = recipes[i],
                                       .protect = "stip",
                                       .network = i == 1 ? "lan" : NULL};
        if (tacit_bench(&o, &text, &err) != TACIT_OK) {
            fail_msg("%s", err.text);
        }
        json_t *r = take_json(text);
        const json_t *plain = json_object_get(r, "plain"), *ratio = json_object_get(r, "ratio");
        assert_string_equal(json_string_value(json_object_get(r, "protect")), "stip");
        assert_string_equal(json_string_value(json_object_get(r, "recipe")), recipes[i]);
        assert_string_equal(json_string_value(json_object_get(r, "network")),
                            i == 1 ? "lan" : "local");
        assert_int_equal(json_integer_value(json_object_get(r, "rounds")), 1);
        const double stip_ms = milliseconds_of(r, "median"),
                     plain_ms = milliseconds_of(plain, "median");
        assert_true(plain_ms > 0);
        assert_true(fabs(json_number_value(json_object_get(ratio, "median")) - stip_ms / plain_ms) <
                    1e-6 * stip_ms / plain_ms);
        if (i == 1) { /* there and back takes at least as long as the link says */
            assert_true(milliseconds_of(r, "min") >= 1);
        }
        json_decref(r);
    }
}

static void test_bench_and_doctor(void **state)
{
    (void)state;
    tacit_error err;
    char *text = NULL;
    static const char *const recipes[] = {"exact",         "mpcformer", "secformer", "freediv",
                                          "freediv-2quad", "thex",      "poly"};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        const tacit_bench_options o = {
            .shape = "bert-tiny", .tokens = 9, .repeat = 2, .recipe = recipes[i]};
        assert_int_equal(tacit_bench(&o, &text, &err), TACIT_OK);
        json_t *r = take_json(text);
        assert_string_equal(json_string_value(json_object_get(r, "recipe")), recipes[i]);
        assert_int_equal(json_integer_value(json_object_get(r, "tokens")), 9);
        json_decref(r);
    }
    const tacit_bench_options wrong[] = {{.shape = "bert"},
                                         {.recipe = "soup"},
                                         {.tokens = 513},
                                         {.shape = "bert-tiny", .protect = "x"},
                                         {.shape = "bert-tiny", .network = "tin"}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(tacit_bench(&wrong[i], &text, &err), TACIT_ERR_USAGE);
    }
    assert_int_equal(tacit_doctor(&text, &err), TACIT_OK);
    json_t *o = take_json(text);
    assert_non_null(json_object_get(o, "kernels"));
    json_decref(o);
}

/* The converted directory opens, has the recipe and its ranges, and answers as its variant did:
 * every value that was seen lies within the stored range. */
static void test_convert(void **state)
{
    (void)state;
    static const char *const recipes[] = {"exact",         "mpcformer", "secformer", "freediv",
                                          "freediv-2quad", "thex",      "poly"};
    char data[64], dst[64];
    tacit_error err;
    snprintf(data, sizeof data, "%s",
             write_temp(".txt", "dull film\nthe film was very good!\na bad story\n"));
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        snprintf(dst, sizeof dst, "/tmp/tacit-test-%d-%s", (int)getpid(), recipes[i]);
        char *text = NULL;
        const tacit_convert_options o = {.recipe = recipes[i], .data = data};
        if (tacit_convert(MODELS "bert-sequence", dst, &o, &text, &err) != TACIT_OK) {
            fail_msg("%s", err.text);
        }
        json_t *r = take_json(text);
        assert_int_equal(json_integer_value(json_object_get(r, "texts")), 3);
        assert_true(json_object_size(json_object_get(r, "seen")) > 30);
        json_decref(r);

        tacit_model *m = open_model(dst);
        tacit_session *s = open_session(m, NULL);
        assert_int_equal(tacit_session_report(s, &text, &err), TACIT_OK);
        r = take_json(text);
        assert_string_equal(json_string_value(json_object_get(r, "recipe")), recipes[i]);
        json_decref(r);
        const char *input = "dull film";
        tacit_result_free(run_texts(s, &input, 1));
        tacit_session_free(s);
        tacit_model_free(m);
        assert_int_equal(tacit_convert(MODELS "bert-sequence", dst, &o, &text, &err),
                         TACIT_ERR_USAGE); /* it exists */
        char command[96];
        snprintf(command, sizeof command, "rm -r %s", dst);
        assert_int_equal(system(command), 0);
    }
    const tacit_convert_options soup = {.recipe = "soup"}, bare = {.recipe = "thex"};
    char *text = NULL;
    assert_int_equal(tacit_convert(MODELS "bert-sequence", dst, &soup, &text, &err),
                     TACIT_ERR_USAGE);
    assert_error(err, TACIT_ERR_USAGE, "recipe 'soup'", "freediv-2quad");
    assert_int_equal(tacit_convert(MODELS "bert-sequence", dst, &bare, &text, &err),
                     TACIT_ERR_USAGE);
    assert_error(err, TACIT_ERR_USAGE, "recipe thex", "calibrate");
    unlink(data);
}

static void test_certs(void **state)
{
    (void)state;
    tacit_error err = {0};
    char *folder = scratch_new(), *dir = scratch_path(folder, "certs"), *json = NULL;
    assert_int_equal(tacit_certs(dir, "cloud,owner", 0, &json, &err), TACIT_OK);
    json_t *report = json_loads(json, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(report, "days")), 365);
    const json_t *parties = json_object_get(report, "parties");
    assert_int_equal(json_array_size(parties), 2);
    for (size_t i = 0; i < 2; i++) { /* in the order of the roles; every file named is there */
        const json_t *party = json_array_get(parties, i);
        assert_string_equal(json_string_value(json_object_get(party, "role")),
                            i ? "cloud" : "owner");
        const json_t *files = json_object_get(party, "files");
        assert_int_equal(json_array_size(files), 3);
        for (size_t j = 0; j < 3; j++) {
            char *path = scratch_path(dir, json_string_value(json_array_get(files, j)));
            size_t len;
            free(scratch_read(path, &len));
            assert_true(len > 100);
            free(path);
        }
    }
    json_decref(report);
    tacit_string_free(json);
    assert_int_equal(tacit_certs(dir, NULL, 0, &json, &err), TACIT_ERR_USAGE);
    assert_null(json);
    assert_non_null(strstr(err.text, "exists already"));
    free(dir);
    scratch_remove(folder);
}

static void test_names_of_statuses(void **state)
{
    (void)state;
    assert_string_equal(tacit_status_name(TACIT_OK), "ok");
    assert_string_equal(tacit_status_name(TACIT_ERR_PRECISION), "precision");
    assert_string_equal(tacit_status_name((tacit_status)-10), "unknown status");
    assert_non_null(tacit_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_to_label),
        cmocka_unit_test(test_many_inputs_answer_as_one_by_one),
        cmocka_unit_test(test_padded_batch),
        cmocka_unit_test(test_all_tokens_masked),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_eval),
        cmocka_unit_test(test_eval_of_a_regression),
        cmocka_unit_test(test_bench_beside_plain),
        cmocka_unit_test(test_bench_and_doctor),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_certs),
        cmocka_unit_test(test_names_of_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
