/* One model, split: what each party's directory holds, and what it refuses to hold. */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/store.h"
#include "party/mpc_place.h"
#include "party/mpc_share.h"
#include "support/mpc_fixture.h"
#include "support/scratch.h"
#include "test.h"

typedef struct {
    char *dir;
    mpc_fixture made;
} fixture;

static const role roles[] = {ROLE_SERVER0, ROLE_SERVER1, ROLE_DEALER};

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->dir = scratch_new();
    mpc_fixture_convert(&f->made, f->dir, "freediv-2quad");
    mpc_fixture_share(&f->made, f->dir, "part");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    scratch_remove(f->dir);
    free(f);
    return 0;
}

static void opens(const fixture *f, int i)
{
    mpc_place p;
    error err = {0};
    if (mpc_place_open(&p, f->made.place[i], roles[i], &err) != OK) {
        fail_msg("%s", err.text);
    }
    mpc_place_close(&p);
}

static void refused(const char *dir, role who, status code, const char *word)
{
    mpc_place p;
    error err = {0};
    assert_int_equal(mpc_place_open(&p, dir, who, &err), code);
    assert_error(err, code, word);
}

static void test_opens(void **state)
{
    const fixture *f = *state;
    mpc_sharing s;
    error err = {0};
    for (int i = 0; i < 3; i++) {
        opens(f, i);
    }
    assert_int_equal(mpc_place_check_owner(&s, f->made.place[3], &err), OK);
    assert_int_equal(s.input_bits, 50);
}

/* Every regular file of a directory, one behind the other. */
static char *all_files(const char *dir, size_t *len)
{
    DIR *list = opendir(dir);
    char *all = NULL;
    *len = 0;
    for (const struct dirent *e; (e = readdir(list));) {
        if (e->d_name[0] == '.') {
            continue;
        }
        char path[600];
        size_t n;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        char *bytes = scratch_read(path, &n);
        all = realloc(all, *len + n + 1);
        memcpy(all + *len, bytes, n);
        *len += n;
        free(bytes);
    }
    closedir(list);
    return all;
}

/* Sixteen bytes out of the middle of each tensor that is no constant of a form, and the same of
 * the labels: none of it is in a directory of servers or dealer. All but the tables' is in none. */
static void test_nothing_in_the_clear(void **state)
{
    const fixture *f = *state;
    model *m;
    error err = {0};
    assert_int_equal(model_open(&m, f->made.model, &err), OK);
    for (int i = 0; i < 4; i++) {
        size_t len, found = 0;
        char *all = all_files(f->made.place[i], &len);
        const weights *w = &m->store->weights;
        for (size_t t = 0; t < w->n; t++) {
            const stored_tensor *s = &w->tensors[t];
            if (s->bytes < 32 || strncmp(s->view.name, "tacit.", 6) == 0) {
                continue;
            }
            found += memmem(all, len, (const char *)s->view.data + s->bytes / 2, 16) != NULL;
        }
        assert_int_equal(found, i == 3 ? 3 : 0); /* the owner's three tables */
        assert_int_equal(memmem(all, len, "positive", 8) != NULL, i == 3);
        free(all);
    }
    model_free(m);
}

static void test_swapped(void **state)
{
    const fixture *f = *state;
    refused(f->made.place[1], ROLE_SERVER0, ERR_POLICY, "server1");
    refused(f->made.place[0], ROLE_SERVER1, ERR_POLICY, "server0");
    refused(f->made.place[2], ROLE_SERVER0, ERR_POLICY, "no place");
    refused(f->made.place[0], ROLE_DEALER, ERR_POLICY, "no place");
    refused(f->made.place[3], ROLE_SERVER0, ERR_POLICY, "no place");
    refused(f->made.model, ROLE_SERVER0, ERR_POLICY, "no place");
}

static void copy_in(const fixture *f, const char *to, const char *name, const char *from,
                    const char *source)
{
    size_t len;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", from, source);
    char *bytes = scratch_read(path, &len);
    snprintf(path, sizeof path, "%s/%s", to, name);
    unlink(path);
    scratch_write(to, name, bytes, len);
    assert_int_equal(chmod(path, 0600), 0);
    free(bytes);
    (void)f;
}

static void test_clear_weights(void **state)
{
    const fixture *f = *state;
    char path[300];
    /* a clear model's file among the others: it takes the place of the constants */
    copy_in(f, f->made.place[0], "keep", f->made.place[0], "model.safetensors");
    snprintf(path, sizeof path, "%s/keep", f->made.place[0]);
    refused(f->made.place[0], ROLE_SERVER0, ERR_POLICY, "keep");
    char kept[300];
    snprintf(kept, sizeof kept, "%s/kept", f->dir);
    assert_int_equal(rename(path, kept), 0);
    copy_in(f, f->made.place[0], "model.safetensors", f->made.place[3], "model.safetensors");
    refused(f->made.place[0], ROLE_SERVER0, ERR_POLICY, "model.safetensors");
    copy_in(f, f->made.place[0], "model.safetensors", f->dir, "kept");
    opens(f, 0);
}

static void test_modes(void **state)
{
    const fixture *f = *state;
    static const char *const names[] = {"seed", "plan.json", "masked.bin", "sharing.json", "."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", f->made.place[0], names[i]);
        const mode_t right = i == 4 ? 0700 : 0600;
        assert_int_equal(chmod(path, right | 040), 0);
        refused(f->made.place[0], ROLE_SERVER0, ERR_AUTH, "chmod");
        assert_int_equal(chmod(path, right), 0);
    }
    char path[300], away[300];
    snprintf(path, sizeof path, "%s/seed", f->made.place[0]);
    snprintf(away, sizeof away, "%s/away", f->dir);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(symlink(away, path), 0);
    refused(f->made.place[0], ROLE_SERVER0, ERR_AUTH, "seed");
    assert_int_equal(rename(away, path), 0);
    opens(f, 0);
}

/* A file of another sharing, or a byte that is another, in each place. */
static void test_altered(void **state)
{
    const fixture *f = *state;
    static const char *const names[] = {"seed", "plan.json", "masked.bin", "config.json",
                                        "sharing.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len;
        char path[300];
        snprintf(path, sizeof path, "%s/%s", f->made.place[1], names[i]);
        char *bytes = scratch_read(path, &len);
        bytes[len / 2] ^= 1;
        scratch_write(f->made.place[1], names[i], bytes, len);
        mpc_place p;
        error err = {0};
        assert_int_not_equal(mpc_place_open(&p, f->made.place[1], ROLE_SERVER1, &err), OK);
        assert_non_null(strstr(err.text, names[i]));
        bytes[len / 2] ^= 1;
        scratch_write(f->made.place[1], names[i], bytes, len);
        free(bytes);
    }
    opens(f, 1);
}

/* Two sharings of one recipe and one of another: no seed comes twice, and of two maskings of the
 * same weights no 64 bytes are alike. */
static void test_fresh_seeds(void **state)
{
    fixture *f = *state, g = *f, h = *f;
    const mpc_sharing first = mpc_fixture_share(&g.made, f->dir, "again");
    mpc_fixture_convert(&h.made, f->dir, "secformer");
    const mpc_sharing second = mpc_fixture_share(&h.made, f->dir, "other");
    assert_memory_not_equal(first.id, second.id, HASH_BYTES);
    uint8_t seeds[6][PRG_SEED_BYTES];
    const fixture *all[] = {f, &g, &h};
    for (int i = 0; i < 6; i++) {
        size_t len;
        char name[300];
        snprintf(name, sizeof name, "%s/seed", all[i / 2]->made.place[i % 2]);
        char *bytes = scratch_read(name, &len);
        assert_int_equal(len, PRG_SEED_BYTES);
        memcpy(seeds[i], bytes, len);
        free(bytes);
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(seeds[i], seeds[j], PRG_SEED_BYTES);
        }
    }
    char path[300];
    size_t n[2], same = 0, compared = 0;
    snprintf(path, sizeof path, "%s/masked.bin", f->made.place[0]);
    char *a = scratch_read(path, &n[0]);
    snprintf(path, sizeof path, "%s/masked.bin", g.made.place[0]);
    char *b = scratch_read(path, &n[1]);
    assert_int_equal(n[0], n[1]);
    /* blocks in which something is: padding is zero in both */
    for (size_t i = 0; i + 64 <= n[0]; i += 64) {
        size_t filled = 0;
        for (size_t k = 0; k < 64; k++) {
            filled += a[i + k] != 0;
        }
        compared += filled >= 32;
        same += filled >= 32 && memcmp(a + i, b + i, 64) == 0;
    }
    assert_true(compared > 10000);
    assert_int_equal(same, 0);
    free(a);
    free(b);
}

static void test_taken(void **state)
{
    const fixture *f = *state;
    mpc_sharing out;
    error err = {0};
    char fresh[2][300];
    snprintf(fresh[0], sizeof fresh[0], "%s/fresh0", f->dir);
    snprintf(fresh[1], sizeof fresh[1], "%s/fresh1", f->dir);
    const mpc_share_options to = {.server = {fresh[0], fresh[1]}, .dealer = f->made.place[2]};
    assert_int_equal(mpc_share(&out, f->made.model, &to, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, f->made.place[2]);
    assert_int_not_equal(access(fresh[0], F_OK), 0);
    assert_int_not_equal(access(fresh[1], F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens),       cmocka_unit_test(test_nothing_in_the_clear),
        cmocka_unit_test(test_swapped),     cmocka_unit_test(test_clear_weights),
        cmocka_unit_test(test_modes),       cmocka_unit_test(test_altered),
        cmocka_unit_test(test_fresh_seeds), cmocka_unit_test(test_taken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
