/* The key's file: there and back, every byte of it wrong once, each field wrong under a right
 * digest, and who may read it. */
#define _GNU_SOURCE
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "stip/key.h"
#include "support/scratch.h"

enum { DIM = 48, OUTPUTS = 5, AT_LISTS = 64, LEN = AT_LISTS + 4 * (DIM + OUTPUTS) + HASH_BYTES };

static char *dir, *path; /* of the test at hand */

static stip_key make_key(size_t n_outputs)
{
    static const uint8_t seed[PRG_SEED_BYTES] = {7}, model[HASH_BYTES] = {1, 2, 3};
    uint32_t hidden[DIM], outputs[OUTPUTS];
    prg *g = prg_new(seed, "test", NULL);
    prg_permutation(g, hidden, DIM);
    prg_permutation(g, outputs, OUTPUTS);
    prg_free(g);
    stip_key k;
    assert_int_equal(stip_key_make(&k, hidden, DIM, outputs, n_outputs, model, NULL), OK);
    return k;
}

static int set_up(void **state)
{
    (void)state;
    dir = scratch_new();
    path = scratch_path(dir, "stip.key");
    stip_key k = make_key(OUTPUTS);
    assert_int_equal(stip_key_write(&k, path, NULL), OK);
    stip_key_clear(&k);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(path);
    scratch_remove(dir);
    return 0;
}

static void same_keys(const stip_key *a, const stip_key *b)
{
    assert_int_equal(a->dim, b->dim);
    assert_int_equal(a->n_outputs, b->n_outputs);
    assert_memory_equal(a->hidden, b->hidden, 4 * a->dim);
    if (a->n_outputs) {
        assert_memory_equal(a->outputs, b->outputs, 4 * a->n_outputs);
    }
    assert_memory_equal(a->model, b->model, HASH_BYTES);
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t n = 0; n <= OUTPUTS; n += OUTPUTS) {
        stip_key a = make_key(n), b;
        unlink(path);
        assert_int_equal(stip_key_write(&a, path, NULL), OK);
        assert_int_equal(stip_key_read(&b, path, NULL), OK);
        same_keys(&a, &b);
        stip_key_clear(&a);
        stip_key_clear(&b);
        assert_null(b.hidden);
    }
}

static void test_encode_and_decode(void **state)
{
    (void)state;
    stip_key k = make_key(OUTPUTS);
    float x[2 * DIM], y[2 * DIM], o[2 * OUTPUTS], back[2 * DIM];
    for (size_t i = 0; i < 2 * DIM; i++) {
        x[i] = (float)i;
    }
    stip_encode(&k, y, x, 2);
    for (size_t j = 0; j < DIM; j++) {
        assert_true(y[j] == (float)k.hidden[j] && y[DIM + j] == (float)(DIM + k.hidden[j]));
    }
    for (size_t j = 0; j < OUTPUTS; j++) { /* what the server computes: output j is π_c[j]'s */
        o[j] = (float)k.outputs[j];
        o[OUTPUTS + j] = (float)(100 + k.outputs[j]);
    }
    stip_decode(&k, back, o, 2);
    for (size_t j = 0; j < OUTPUTS; j++) {
        assert_true(back[j] == (float)j && back[OUTPUTS + j] == (float)(100 + j));
    }
    stip_key e = make_key(0); /* of an embedding the features come back */
    stip_encode(&e, y, x, 2);
    stip_decode(&e, back, y, 2);
    assert_memory_equal(back, x, sizeof x);
    stip_key_clear(&k);
    stip_key_clear(&e);
}

static status parse(const uint8_t *bytes, size_t len, error *err)
{
    stip_key k;
    const status st = stip_key_parse(&k, (span){.data = bytes, .len = len}, "k", err);
    if (st == OK) {
        stip_key_clear(&k);
    }
    assert_null(k.memory.data);
    return st;
}

static uint8_t *file_bytes(void)
{
    size_t len;
    uint8_t *b = (uint8_t *)scratch_read(path, &len);
    assert_int_equal(len, LEN);
    return b;
}

static void test_any_byte_wrong(void **state)
{
    (void)state;
    uint8_t *b = file_bytes();
    error err;
    assert_int_equal(parse(b, LEN, &err), OK);
    for (size_t i = 0; i < LEN; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] ^= (uint8_t)(1 << bit);
            const status st = parse(b, LEN, &err);
            assert_true(st == ERR_ARTEFACT || st == ERR_PROTOCOL);
            b[i] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t len = 0; len < LEN; len++) {
        assert_int_equal(parse(b, len, &err), ERR_ARTEFACT);
    }
    free(b);
}

/* The 32-bit number at a place set, and the digest made right again. */
static status parse_with(size_t at, uint32_t value, error *err)
{
    uint8_t *b = file_bytes();
    for (size_t i = 0; i < 4; i++) {
        b[at + i] = (uint8_t)(value >> 8 * i);
    }
    const span body = {.data = b, .len = LEN - HASH_BYTES};
    assert_int_equal(hash_sha256(b + LEN - HASH_BYTES, &body, 1, NULL), OK);
    const status st = parse(b, LEN, err);
    free(b);
    return st;
}

static void test_each_field_wrong(void **state)
{
    (void)state;
    error err;
    assert_int_equal(parse_with(28, 0, &err), OK);
    parse_with(0, 0, &err);
    assert_error(err, ERR_ARTEFACT, "no key");
    parse_with(16, 2, &err);
    assert_error(err, ERR_PROTOCOL, "version 2", "reads 1");
    parse_with(20, 0, &err);
    assert_error(err, ERR_ARTEFACT, "'features' is 0");
    parse_with(20, STIP_KEY_MAX + 1, &err);
    assert_error(err, ERR_ARTEFACT, "'features' is 65537");
    parse_with(20, DIM + 1, &err);
    assert_error(err, ERR_ARTEFACT, "bytes, the header says");
    parse_with(20, UINT32_MAX, &err);
    assert_error(err, ERR_ARTEFACT, "'features'");
    parse_with(24, UINT32_MAX, &err);
    assert_error(err, ERR_ARTEFACT, "'outputs'");
    parse_with(24, OUTPUTS - 1, &err);
    assert_error(err, ERR_ARTEFACT, "bytes, the header says");
    parse_with(28, 1, &err);
    assert_error(err, ERR_ARTEFACT, "reserved");
    parse_with(AT_LISTS, DIM, &err); /* one too large, and some entry is missing */
    assert_error(err, ERR_ARTEFACT, "no permutation");
    parse_with(AT_LISTS + 4 * DIM, OUTPUTS, &err);
    assert_error(err, ERR_ARTEFACT, "no permutation");
    parse_with(AT_LISTS + 4, UINT32_MAX, &err);
    assert_error(err, ERR_ARTEFACT, "out of range");
    stip_key k = make_key(OUTPUTS);
    parse_with(AT_LISTS, k.hidden[1], &err); /* an entry twice */
    assert_error(err, ERR_ARTEFACT, "no permutation");
    stip_key_clear(&k);
}

static void test_who_may_read(void **state)
{
    (void)state;
    stip_key k = make_key(OUTPUTS);
    error err;
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stip_key_write(&k, path, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "exists already");
    stip_key_clear(&k);
    static const mode_t wrong[] = {0640, 0604, 0660, 0644, 0610, 0601};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(chmod(path, wrong[i]), 0);
        assert_int_equal(stip_key_read(&k, path, &err), ERR_AUTH);
        assert_error(err, ERR_AUTH, "stip.key", "chmod 600");
    }
    assert_int_equal(chmod(path, 0600), 0);
    char *link = scratch_path(dir, "link");
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(stip_key_read(&k, link, &err), ERR_AUTH);
    assert_int_equal(stip_key_read(&k, dir, &err), ERR_AUTH);
    unlink(link);
    assert_int_equal(stip_key_read(&k, link, &err), ERR_ARTEFACT);
    assert_null(k.memory.data);
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_encode_and_decode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_byte_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_field_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_may_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
