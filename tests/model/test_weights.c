/* The files of a directory: one, or an index with shards. */
#define _GNU_SOURCE
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "model/safetensors_write.h"
#include "model/weights.h"
#include "support/scratch.h"

static char *dir; /* of the test at hand */

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

/* A file with vectors of the names given, which end with NULL. */
static void write_shard(const char *file, const char *const *names)
{
    stored_tensor rows[8];
    size_t n = 0;
    for (; names[n]; n++) {
        rows[n] = safetensors_f32(names[n], 1, (size_t[]){n + 1}, numbers);
    }
    char *path = scratch_path(dir, file);
    unlink(path);
    assert_int_equal(safetensors_write(path, rows, n, NULL), OK);
    free(path);
}

static int set_up(void **state)
{
    (void)state;
    dir = scratch_new();
    write_shard("s1.safetensors", (const char *[]){"a", "b", NULL});
    write_shard("s2.safetensors", (const char *[]){"c", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static const char good[] = "{\"metadata\": {\"total_size\": 16}, \"weight_map\": {\"c\": "
                           "\"s2.safetensors\", \"a\": \"s1.safetensors\", \"b\": "
                           "\"s1.safetensors\"}}";

static void refuse(const char *index, const char *why)
{
    scratch_text(dir, "model.safetensors.index.json", index);
    weights w;
    error err = {0};
    if (weights_open(&w, dir, &err) == OK) {
        fail_msg("not refused, though: %s", why);
    }
    assert_error(err, ERR_ARTEFACT, dir, why);
    assert_null(w.files);
}

static void test_an_index_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *index, *why;
    } bad[] = {
        {"", "index.json:1:1: not valid JSON"},
        {"[]", "index.json: must be a JSON object"},
        {"{}", "index.json: field 'weight_map' is missing"},
        {"{\"weight_map\": []}", "index.json: field 'weight_map' must be an object"},
        {"{\"weight_map\": {}}", "index.json: weight_map names 0 tensors, must be 1 to 65536"},
        {"{\"weight_map\": {\"a\": 1}}", "index.json: field 'a' must be a string"},
        {"{\"weight_map\": {\"a\": \"../s1.safetensors\"}}",
         "weight_map: 'a' is in '../s1.safetensors': must be a plain file name"},
        {"{\"weight_map\": {\"a\": \"/etc/passwd\"}}", "must be a plain file name"},
        {"{\"weight_map\": {\"a\": \"x\\\\s1.safetensors\"}}", "must be a plain file name"},
        {"{\"weight_map\": {\"a\": \"..\"}}", "must be a plain file name"},
        {"{\"weight_map\": {\"a\": \"\"}}", "must be a plain file name"},
        {"{\"weight_map\": {\"a\": \".hidden\"}}", "must be a plain file name"},
        {"{\"weight_map\": {\"a\": \"s3.safetensors\"}}", "s3.safetensors: No such file"},
        {"{\"weight_map\": {\"a\": \"s1.safetensors\", \"b\": \"s2.safetensors\", \"c\": "
         "\"s2.safetensors\"}}",
         "tensor 'b' is in s1.safetensors, weight_map says s2.safetensors"},
        {"{\"weight_map\": {\"a\": \"s1.safetensors\", \"c\": \"s2.safetensors\"}}",
         "tensor 'b' is in s1.safetensors, weight_map says nothing of it"},
        {"{\"weight_map\": {\"a\": \"s1.safetensors\", \"b\": \"s1.safetensors\", \"d\": "
         "\"s1.safetensors\"}}",
         "tensor 'd' is not in s1.safetensors"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuse(bad[i].index, bad[i].why);
    }
}

static void test_too_many_shards(void **state)
{
    (void)state;
    char *index = calloc(1, 64 * 1100), *at = index;
    at += sprintf(at, "{\"weight_map\": {");
    for (int i = 0; i <= WEIGHTS_MAX_SHARDS; i++) {
        at += sprintf(at, "%s\"t%d\": \"f%d\"", i ? "," : "", i, i);
    }
    strcpy(at, "}}");
    refuse(index, "weight_map names more than 1024 files");
    free(index);
}

static void test_two_shards_with_one_name(void **state)
{
    (void)state;
    write_shard("s2.safetensors", (const char *[]){"c", "a", NULL});
    refuse(good, "safetensors: tensor 'a' is also in s");
}

static void test_shards_that_are_no_files(void **state)
{
    (void)state;
    char *path = scratch_path(dir, "s2.safetensors");
    unlink(path);
    mkdir(path, 0777);
    refuse(good, "s2.safetensors: is not a regular file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not block */
    refuse(good, "s2.safetensors: is not a regular file");
    unlink(path);
    assert_int_equal(symlink("s2.safetensors", path), 0);
    refuse(good, "s2.safetensors: Too many levels of symbolic links");
    unlink(path);
    scratch_text(dir, "s2.safetensors", "cut");
    refuse(good, "s2.safetensors: 3 bytes are too short");
    free(path);
}

static const tensor *get_c(const weights *w)
{
    const tensor *t;
    error err = {0};
    if (weights_get(w, "c", 1, (size_t[]){1}, &t, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return t;
}

static void test_links_are_followed(void **state)
{
    (void)state;
    scratch_text(dir, "model.safetensors.index.json", good);
    char *path = scratch_path(dir, "s2.safetensors"), *moved = scratch_path(dir, "blob");
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(symlink("blob", path), 0);
    weights w;
    error err = {0};
    assert_int_equal(weights_open(&w, dir, &err), OK);
    assert_int_equal(w.n, 3);
    assert_int_equal(w.n_files, 2);
    float x = 0;
    tensor_read(&x, get_c(&w), 0, 1);
    assert_true(x == 1);
    weights_close(&w);
    free(path);
    free(moved);
}

static void test_the_single_file_wins(void **state)
{
    (void)state;
    scratch_text(dir, "model.safetensors.index.json", good);
    write_shard("model.safetensors", (const char *[]){"only", NULL});
    weights w;
    assert_int_equal(weights_open(&w, dir, NULL), OK);
    assert_int_equal(w.n, 1);
    weights_close(&w);
}

static void test_a_tensor_that_is_asked_for(void **state)
{
    (void)state;
    scratch_text(dir, "model.safetensors.index.json", good);
    weights w;
    error err = {0};
    const tensor *t;
    assert_int_equal(weights_open(&w, dir, &err), OK);
    assert_int_equal(weights_get(&w, "d", 1, (size_t[]){1}, &t, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "and the other shards: tensor 'd' is missing");
    assert_int_equal(weights_get(&w, "b", 2, (size_t[]){2, 128}, &t, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT,
                 "s1.safetensors: tensor 'b' has shape [2], config.json asks [2, 128]");
    assert_int_equal(weights_get(&w, "b", 1, (size_t[]){3}, &t, &err), ERR_ARTEFACT);
    weights_close(&w);

    static const char header[] =
        "@\0\0\0\0\0\0\0{\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}         "
        "\0\0\0\0\0\0\0\0";
    scratch_write(dir, "model.safetensors", header, 8 + 64 + 8);
    assert_int_equal(weights_open(&w, dir, &err), OK);
    assert_int_equal(weights_get(&w, "ids", 1, (size_t[]){1}, &t, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT,
                 "model.safetensors: tensor 'ids' has dtype I64; F32, F16 and BF16 can be read");
    weights_close(&w);
}

static void test_numbers_that_are_not_finite(void **state)
{
    (void)state;
    static const uint32_t bits[] = {0x7f800000, 0xff800000, 0x7fc00000, 0xff800001};
    for (size_t i = 0; i < 4; i++) {
        for (size_t at = 0; at < 5000; at += 997) {
            float x[5000] = {1, -2, 3.4e38f};
            memcpy(&x[at], &bits[i], 4);
            const stored_tensor row = safetensors_f32("x", 1, (size_t[]){5000}, x);
            size_t bad = 9999;
            assert_false(tensor_finite(&row.view, &bad));
            assert_int_equal(bad, at);
        }
    }
    uint16_t half[] = {0x7bff, 0xfbff, 0x7f7f, 0};
    tensor t = {.type = DTYPE_F16, .rank = 1, .shape = {4}, .count = 2, .data = half};
    size_t bad;
    assert_true(tensor_finite(&t, &bad));
    t.count = 3;
    assert_false(tensor_finite(&t, &bad)); /* a NaN as F16, a number as BF16 */
    assert_int_equal(bad, 2);
    t.type = DTYPE_BF16;
    t.count = 4;
    half[1] = 0xff7f;
    assert_true(tensor_finite(&t, &bad));
    half[3] = 0xff80;
    assert_false(tensor_finite(&t, &bad));
    assert_int_equal(bad, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_index_that_is_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_shards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_shards_with_one_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shards_that_are_no_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links_are_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_single_file_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_tensor_that_is_asked_for, set_up, tear_down),
        cmocka_unit_test(test_numbers_that_are_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
