#define _GNU_SOURCE
/* base/ where memory, files and threads fail. */
#include "fault/exhaust.h"

#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "base/text.h"
#include "ring/stream.h"

static void nothing(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)ctx;
    (void)begin;
    (void)end;
    (void)worker;
}

static status use_pool(void *ctx, error *err)
{
    (void)ctx;
    pool *p;
    TRY(pool_new(&p, 4, err));
    parallel_for(p, 10, 1, nothing, NULL);
    pool_free(p);
    return OK;
}

static void test_pool(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        exhaust(use_pool, NULL, FAULT_MEMORY, from);
        exhaust(use_pool, NULL, FAULT_THREADS, from);
    }
}

static const char json_source[] =
    "{\"a\": [1, 2.5, \"three\", {\"four\": null}], \"b\": {\"a key of some length\": true},"
    " \"c\": \"words that outgrow the buffer, again and again, until it has what it needs, and"
    " then \\u00e9\\n some more of them\"}";

static status read_json(json_t **out, error *err)
{
    const span bytes = {.data = (const uint8_t *)json_source, .len = sizeof json_source - 1};
    return json_read(out, bytes, "f", err);
}

/* What is parsed in spite of a failure is whole. */
static status use_json(void *expected, error *err)
{
    json_t *parsed;
    TRY(read_json(&parsed, err));
    const bool same = json_equal(parsed, expected);
    json_decref(parsed);
    return same ? OK : error_set(err, ERR_INTERNAL, "parts are missing");
}

static void test_json(void **state)
{
    (void)state;
    json_t *expected;
    assert_int_equal(read_json(&expected, NULL), OK);
    exhaust(use_json, expected, FAULT_MEMORY, false);
    exhaust(use_json, expected, FAULT_MEMORY, true);
    json_decref(expected);
}

static status use_text(void *ctx, error *err)
{
    (void)ctx;
    text t = {0};
    status st = OK;
    for (int i = 0; i < 200 && st == OK; i++) {
        st = i % 2 ? text_printf(&t, "%d ", i) : text_append(&t, "word ", 5);
    }
    char *copy = st == OK ? mem_strdup(t.bytes) : NULL;
    arena *a = copy ? arena_new() : NULL;
    for (size_t i = 1; a && st == OK && i < 20; i++) {
        st = arena_take(a, i, 10000) ? OK : ERR_RESOURCE;
    }
    st = st == OK && !a ? ERR_RESOURCE : st;
    arena_free(a);
    mem_free(copy);
    text_clear(&t);
    return st == OK ? OK : error_memory(err);
}

static void test_text_and_arena(void **state)
{
    (void)state;
    exhaust(use_text, NULL, FAULT_MEMORY, false);
    exhaust(use_text, NULL, FAULT_MEMORY, true);
}

static char folder[] = "/tmp/tacit-test-fault-XXXXXX";

static status use_files(void *path, error *err)
{
    static const char data[] = "0123456789";
    TRY(file_write(path, data, sizeof data, 0600, err));
    file_map f;
    TRY(file_open(&f, path, 100, err));
    const bool same = f.bytes.len == sizeof data && memcmp(f.bytes.data, data, sizeof data) == 0;
    file_close(&f);
    return same ? OK : error_set(err, ERR_INTERNAL, "what was read is not what was written");
}

static void test_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    char *path = file_join(folder, "data");
    for (int from = 0; from < 2; from++) {
        exhaust(use_files, path, FAULT_FILES, from);
        exhaust(use_files, path, FAULT_MEMORY, from);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* no temporary is left */
    mem_free(path);
}

static status use_secret_files(void *path, error *err)
{
    static const char data[] = "0123456789";
    TRY(secret_file_create(path, data, sizeof data, err));
    secret s;
    const status st = secret_file_read(&s, path, 100, err);
    const bool same = st == OK && s.len == sizeof data && memcmp(s.data, data, sizeof data) == 0;
    secret_clear(&s);
    unlink(path);
    TRY(st);
    return same ? OK : error_set(err, ERR_INTERNAL, "what was read is not what was written");
}

/* What could not be written whole is not there at all: else the next run could not make it. */
static void test_secret_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/tacit-test-fault-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *path = file_join(dir, "secret");
    for (int from = 0; from < 2; from++) {
        exhaust(use_secret_files, path, FAULT_FILES, from);
    }
    assert_int_equal(rmdir(dir), 0);
    mem_free(path);
}

static status use_prg(void *ctx, error *err)
{
    (void)ctx;
    static const uint8_t seed[PRG_SEED_BYTES];
    prg *p = prg_new(seed, "faults", err);
    if (!p) {
        return ERR_RESOURCE;
    }
    uint32_t order[100];
    prg_permutation(p, order, 100);
    prg_free(p);
    return OK;
}

static status draw_words(void *ctx, error *err)
{
    (void)ctx;
    static const uint8_t seed[PRG_SEED_BYTES];
    static uint64_t words[3000];
    ring_stream *s = ring_stream_new(seed, "faults", 3, err);
    if (!s) {
        return ERR_RESOURCE;
    }
    ring_stream_words(s, ring_kernels_for(cpu_best()), NULL, words, 100, 34);
    ring_stream_words(s, ring_kernels_for(cpu_best()), NULL, words, 3000, 7); /* seeks */
    ring_stream_free(s);
    return OK;
}

static void test_stream(void **state)
{
    (void)state;
    ERR_clear_error();
    exhaust(draw_words, NULL, FAULT_MEMORY, false);
    exhaust(draw_words, NULL, FAULT_MEMORY, true);
}

static void test_prg(void **state)
{
    (void)state;
    ERR_clear_error(); /* OpenSSL makes its store of errors, which it keeps */
    exhaust(use_prg, NULL, FAULT_MEMORY, false);
    exhaust(use_prg, NULL, FAULT_MEMORY, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),           cmocka_unit_test(test_json),
        cmocka_unit_test(test_text_and_arena), cmocka_unit_test(test_files),
        cmocka_unit_test(test_secret_files),   cmocka_unit_test(test_prg),
        cmocka_unit_test(test_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
