/* What a program does with tacit.h where memory, files and threads fail. */
#define _GNU_SOURCE
#include "fault/exhaust.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tacit.h"

#define MODEL "tests/vectors/models/bert-sequence"

static status told(tacit_status st, const tacit_error *from, error *err)
{
    return st == TACIT_OK ? OK : error_set(err, (status)from->code, "%s", from->text);
}

/* Two texts through the model; logits are put together in the answer. */
static status open_and_run(void *ctx, error *err)
{
    static const char text[] = "the film was very good!", pair[] = "dull";
    const tacit_input inputs[] = {
        {.text = text, .text_len = sizeof text - 1},
        {.text = text, .text_len = sizeof text - 1, .pair = pair, .pair_len = sizeof pair - 1}};
    double *answer = ctx, sum = 0;
    tacit_error why = {0};
    tacit_model *m = NULL;
    tacit_session *s = NULL;
    tacit_result *r = NULL;
    char *report = NULL, *first = NULL, *description = NULL;
    tacit_status st = tacit_model_open(&m, MODEL, &why);
    if (st == TACIT_OK) {
        st = tacit_model_describe(m, &description, &why);
    }
    if (st == TACIT_OK) {
        st = tacit_session_new(&s, m, &(tacit_session_options){.threads = 2}, &why);
    }
    if (st == TACIT_OK) {
        st = tacit_run(s, &r, inputs, 2, &why);
    }
    if (st == TACIT_OK) {
        st = tacit_session_report(s, &report, &why);
    }
    if (st == TACIT_OK) {
        st = tacit_result_json(r, 1, &first, &why);
    }
    for (size_t i = 0; st == TACIT_OK && i < 2; i++) {
        sum += tacit_result_probability(r, i, 0, 0);
    }
    tacit_string_free(description);
    tacit_string_free(report);
    tacit_string_free(first);
    tacit_result_free(r);
    tacit_session_free(s);
    tacit_model_free(m);
    TRY(told(st, &why, err));
    if (*answer != 0 && sum != *answer) {
        return error_set(err, ERR_INTERNAL, "another answer than before: %g, %g", sum, *answer);
    }
    *answer = sum;
    return OK;
}

static void test_run(void **state)
{
    (void)state;
    double answer = 0;
    for (int from = 0; from < 2; from++) {
        exhaust(open_and_run, &answer, FAULT_MEMORY, from);
        exhaust(open_and_run, &answer, FAULT_FILES, from);
        exhaust(open_and_run, &answer, FAULT_THREADS, from);
    }
}

typedef tacit_status report_fn(char **json, tacit_error *err);

static tacit_status verify(char **json, tacit_error *err)
{
    return tacit_verify(MODEL, json, err);
}

static tacit_status describe(char **json, tacit_error *err)
{
    *json = NULL;
    tacit_model *m;
    tacit_status st = tacit_model_open(&m, MODEL, err);
    if (st == TACIT_OK) {
        st = tacit_model_describe(m, json, err);
        tacit_model_free(m);
    }
    return st;
}

typedef struct {
    report_fn *make;
    char first[8192];
} report;

/* A report is the same every time, or there is none. */
static status make_report(void *ctx, error *err)
{
    report *r = ctx;
    tacit_error why = {0};
    char *json = NULL;
    const tacit_status st = r->make(&json, &why);
    TRY(told(st, &why, err));
    const bool same = !r->first[0] || strcmp(json, r->first) == 0;
    snprintf(r->first, sizeof r->first, "%s", json);
    tacit_string_free(json);
    return same ? OK : error_set(err, ERR_INTERNAL, "another report than before");
}

static void test_reports(void **state)
{
    (void)state;
    static report_fn *const makers[] = {verify, describe};
    for (size_t i = 0; i < 2; i++) {
        report r = {.make = makers[i]};
        exhaust(make_report, &r, FAULT_MEMORY, false);
        exhaust(make_report, &r, FAULT_MEMORY, true);
        exhaust(make_report, &r, FAULT_FILES, false);
        assert_true(strlen(r.first) < sizeof r.first - 1);
    }
}

static char folder[] = "/tmp/tacit-test-fault-XXXXXX";

static status evaluate(void *path, error *err)
{
    tacit_error why = {0};
    tacit_model *m = NULL;
    tacit_session *s = NULL;
    char *json = NULL;
    tacit_status st = tacit_model_open(&m, MODEL, &why);
    if (st == TACIT_OK) {
        st = tacit_session_new(&s, m, &(tacit_session_options){.threads = 1}, &why);
    }
    if (st == TACIT_OK) {
        st = tacit_eval(s, path, &(tacit_eval_options){.batch = 2}, &json, &why);
    }
    tacit_string_free(json);
    tacit_session_free(s);
    tacit_model_free(m);
    return told(st, &why, err);
}

static void test_eval(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof path, "%s/data.tsv", folder);
    FILE *f = fopen(path, "w");
    fputs("sentence\tlabel\nthe film was good\t1\nvery dull\t0\nnot bad\t1\n", f);
    fclose(f);
    exhaust(evaluate, path, FAULT_MEMORY, false);
    exhaust(evaluate, path, FAULT_MEMORY, true);
    exhaust(evaluate, path, FAULT_FILES, false);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level == 0 ? 0 : remove(path);
}

/* A copy of the model under another recipe in an empty folder: whole, or nothing at all. */
static status convert(void *ctx, error *err)
{
    const char *parent = ctx;
    tacit_error why = {0};
    char *json = NULL, target[64];
    snprintf(target, sizeof target, "%s/converted", parent);
    const tacit_status st =
        tacit_convert(MODEL, target, &(tacit_convert_options){.recipe = "mpcformer"}, &json, &why);
    tacit_string_free(json);
    const bool whole = file_exists_in(target, "config.json");
    nftw(parent, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (st == TACIT_OK && !whole) {
        return error_set(err, ERR_INTERNAL, "there is no configuration");
    }
    return told(st, &why, err);
}

static void test_convert(void **state)
{
    (void)state;
    char parent[] = "/tmp/tacit-test-fault-XXXXXX";
    assert_non_null(mkdtemp(parent));
    exhaust(convert, parent, FAULT_MEMORY, false);
    exhaust(convert, parent, FAULT_FILES, false);
    assert_int_equal(rmdir(parent), 0);
}

/* Protected and attacked: the report is whole, or there is none, and no folder stays. */
static status attack(void *ctx, error *err)
{
    const char *parent = ctx;
    tacit_error why = {0};
    char *json = NULL;
    const tacit_status st = tacit_attack(MODEL, &(tacit_attack_options){.limit = 1}, &json, &why);
    const bool whole = st != TACIT_OK || strstr(json, "\"A5\"");
    tacit_string_free(json);
    nftw(parent, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return whole ? told(st, &why, err) : error_set(err, ERR_INTERNAL, "an attack is missing");
}

static void test_attack(void **state)
{
    (void)state;
    char parent[] = "/tmp/tacit-test-fault-XXXXXX";
    assert_non_null(mkdtemp(parent));
    assert_int_equal(setenv("TMPDIR", parent, 1), 0);
    exhaust(attack, parent, FAULT_MEMORY, false);
    exhaust(attack, parent, FAULT_FILES, false);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    nftw(parent, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(rmdir(parent), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),     cmocka_unit_test(test_reports), cmocka_unit_test(test_eval),
        cmocka_unit_test(test_convert), cmocka_unit_test(test_attack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
