/* tacit_protect and tacit_attack: seeds on disk, reports, refusals. */
#define _GNU_SOURCE
#include "test.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"
#include "tacit.h"

static const char *const src = "tests/vectors/models/bert-sequence";

static char *dir; /* of the test at hand */

static int set_up(void **state)
{
    (void)state;
    dir = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

/* Protect into dir/name-server and dir/name-owner with the seed file dir/seed, or with none. */
static tacit_status protect(const char *name, const char *seed, char **json, tacit_error *err)
{
    char dst[200], key[200], file[200];
    snprintf(dst, sizeof dst, "%s/%s-server", dir, name);
    snprintf(key, sizeof key, "%s/%s-owner", dir, name);
    snprintf(file, sizeof file, "%s/%s", dir, seed ? seed : "");
    const tacit_protect_options o = {.key = key, .seed_file = seed ? file : NULL};
    return tacit_protect(src, dst, &o, json, err);
}

static void protect_or_fail(const char *name, const char *seed, const char *origin)
{
    char *json;
    tacit_error err;
    if (protect(name, seed, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    assert_non_null(strstr(json, origin));
    tacit_string_free(json);
}

static bool same_files(const char *a, const char *b)
{
    char *p = scratch_path(dir, a), *q = scratch_path(dir, b);
    size_t n, m;
    char *x = scratch_read(p, &n), *y = scratch_read(q, &m);
    const bool same = n == m && memcmp(x, y, n) == 0;
    free(p);
    free(q);
    free(x);
    free(y);
    return same;
}

static void test_seed_files(void **state)
{
    (void)state;
    protect_or_fail("a", "seed", "drawn and written");
    protect_or_fail("b", "seed", "read");
    protect_or_fail("c", NULL, "drawn and forgotten");
    assert_true(same_files("a-server/model.safetensors", "b-server/model.safetensors"));
    assert_true(same_files("a-owner/stip.key", "b-owner/stip.key"));
    assert_false(same_files("a-server/model.safetensors", "c-server/model.safetensors"));
    assert_false(same_files("a-owner/stip.key", "c-owner/stip.key"));

    char *path = scratch_path(dir, "seed"), *json;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 32);
    tacit_error err;
    chmod(path, 0644);
    assert_int_equal(protect("d", "seed", &json, &err), TACIT_ERR_AUTH);
    assert_error(err, TACIT_ERR_AUTH, "seed", "chmod 600");
    scratch_text(dir, "short", "x");
    free(path);
    path = scratch_path(dir, "short");
    chmod(path, 0600);
    assert_int_equal(protect("d", "short", &json, &err), TACIT_ERR_ARTEFACT);
    assert_error(err, TACIT_ERR_ARTEFACT, "short", "1 bytes", "32");
    assert_null(json);
    free(path);
}

static double share_of(const json_t *report, size_t attack, size_t number)
{
    const json_t *a = json_array_get(json_object_get(report, "attacks"), attack);
    const json_t *t = json_array_get(json_object_get(a, "trials"), number);
    assert_non_null(t);
    return json_real_value(json_object_get(t, "share"));
}

static json_t *attack_or_fail(const char *model, const tacit_attack_options *o)
{
    char *json;
    tacit_error err;
    if (tacit_attack(model, o, &json, &err) != TACIT_OK) {
        fail_msg("%s", err.text);
    }
    json_t *report = json_loads(json, 0, NULL);
    tacit_string_free(json);
    assert_int_equal(json_array_size(json_object_get(report, "attacks")), 6);
    return report;
}

static void test_attack_on_a_protected_model(void **state)
{
    (void)state;
    protect_or_fail("a", NULL, "drawn");
    char *server = scratch_path(dir, "a-server"), *key = scratch_path(dir, "a-owner");
    char *data = scratch_path(dir, "texts.txt");
    scratch_text(dir, "texts.txt", "the film was very good!\ndull\n");
    tacit_attack_options o = {.key = key, .data = data};
    json_t *report = attack_or_fail(server, &o);
    assert_int_equal(json_integer_value(json_object_get(report, "texts")), 2);
    assert_true(share_of(report, 0, 0) >= 0.99);
    json_decref(report);
    o.limit = 1;
    o.base = src;
    report = attack_or_fail(server, &o);
    assert_int_equal(json_integer_value(json_object_get(report, "texts")), 1);
    assert_true(share_of(report, 4, 0) >= 0.99);
    json_decref(report);

    protect_or_fail("b", NULL, "drawn");
    char *json, *other = scratch_path(dir, "b-owner");
    tacit_error err;
    o.key = other;
    assert_int_equal(tacit_attack(server, &o, &json, &err), TACIT_ERR_ARTEFACT);
    assert_error(err, TACIT_ERR_ARTEFACT, "a-server", "not the model");
    assert_null(json);
    free(server);
    free(key);
    free(data);
    free(other);
}

/* A clear model is protected somewhere for the occasion, and nothing of that stays. */
static void test_attack_on_a_clear_model(void **state)
{
    (void)state;
    setenv("TMPDIR", dir, 1);
    json_t *report = attack_or_fail(src, NULL);
    unsetenv("TMPDIR");
    assert_string_equal(json_string_value(json_object_get(report, "model")), src);
    assert_true(share_of(report, 0, 0) >= 0.99);
    assert_true(share_of(report, 3, 0) >= 0.8);
    json_decref(report);
    assert_int_equal(rmdir(dir), 0); /* it is empty */
    assert_int_equal(mkdir(dir, 0700), 0);
    char *json;
    tacit_error err;
    assert_int_equal(tacit_attack("no/such", NULL, &json, &err), TACIT_ERR_ARTEFACT);
    assert_null(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_seed_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_attack_on_a_protected_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_attack_on_a_clear_model, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
