/* A model is protected and its owner's directory opened where memory and files fail: nothing is
 * held afterwards, and no half directory is left. */
#define _GNU_SOURCE
#include "fault/exhaust.h"

#include <dirent.h>

#include "model/copy.h"
#include "stip/owner.h"
#include "stip/protect.h"
#include "support/scratch.h"

typedef struct {
    const char *src;
    char *dir, *dst, *owner;
} task;

static const uint8_t seed[STIP_SEED_BYTES] = {3, 1, 4, 1, 5};

/* Twice, since what fails may be this. */
static void remove_both(const task *t)
{
    for (int i = 0; i < 2; i++) {
        copy_abandon(t->dst);
        copy_abandon(t->owner);
    }
}

static status protect_and_open(void *ctx, error *err)
{
    const task *t = ctx;
    remove_both(t);
    status st = stip_protect(t->src, t->dst, t->owner, seed, err);
    if (st == OK) {
        stip_owner o;
        st = stip_owner_open(&o, t->owner, err);
        stip_owner_close(&o);
    }
    remove_both(t);
    return st;
}

/* Nothing stays but what could not be removed because removing was what failed. */
static size_t entries(const char *path)
{
    size_t n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n - 2;
}

static void test_every_failure_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-shards", "recipe-freediv", "sentence-mean"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char src[200];
        snprintf(src, sizeof src, "tests/vectors/models/%s", names[i]);
        task t = {.src = src, .dir = scratch_new()};
        t.dst = scratch_path(t.dir, "dst");
        t.owner = scratch_path(t.dir, "owner");
        print_message("%s\n", names[i]);
        exhaust(protect_and_open, &t, FAULT_MEMORY, false);
        exhaust(protect_and_open, &t, FAULT_FILES, false);
        assert_int_equal(entries(t.dir), 0);
        exhaust(protect_and_open, &t, FAULT_MEMORY, true);
        exhaust(protect_and_open, &t, FAULT_FILES, true);
        free(t.dst);
        free(t.owner);
        scratch_remove(t.dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failure_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
