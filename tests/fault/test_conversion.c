/* A model gets another recipe where memory and files fail: it is there whole, or nothing is. */
#define _GNU_SOURCE
#include "fault/exhaust.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/json.h"
#include "model/inspect.h"
#include "model/recipe_write.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

typedef struct {
    const char *src;
    char *dir, *dst; /* dst is in dir */
    bool may_leave;  /* what is half made, for nothing can be removed where nothing opens */
} task;

static size_t entries(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n - 2;
}

static status convert(void *ctx, error *err)
{
    static const float kappa[4] = {1, 2, 3, 4};
    static const recipe_tensor constants[] = {{"layers.1.attention.kappa", 1, {4}, kappa}};
    static const slot_range ranges[] = {{"layers.0.attention/scores", -1, 1}};
    const task *t = ctx;
    model *m;
    TRY(model_open(&m, t->src, err));
    recipe_change c = {.n_tensors = 1, .tensors = constants};
    assert_true(recipe_named(&c.recipe, "freediv", &m->exact));
    c.recipe.n_ranges = 1;
    c.recipe.ranges = ranges;
    model_free(m);
    return recipe_apply(t->src, t->dst, &c, err);
}

/* The sum of the job, and no trace of it afterwards: nothing but dst may be in dir. */
static status convert_and_look(void *ctx, error *err)
{
    const task *t = ctx;
    const status st = convert(ctx, err);
    const bool happened = fault_disarm();
    assert_int_equal(file_is_directory(t->dst), st == OK);
    if (!t->may_leave) {
        assert_int_equal(entries(t->dir), st == OK);
    } else if (st != OK) {
        scratch_remove(strdup(t->dir));
        mkdir(t->dir, 0777);
    }
    if (st == OK) {
        model *m;
        assert_int_equal(model_open(&m, t->dst, err), OK);
        assert_string_equal(m->recipe.name, "freediv");
        assert_true(m->layers[1].attention.kappa[3] == 4);
        model_free(m);
        scratch_remove(strdup(t->dst));
    }
    fault_rearm(happened);
    return st;
}

static status look_inside(void *ctx, error *err)
{
    const task *t = ctx;
    model *m;
    json_t *notes = NULL, *about = NULL;
    TRY(model_open(&m, t->src, err));
    status st = model_verify(m, &notes, err);
    if (st == OK) {
        about = model_describe(m);
        st = about ? OK : error_memory(err);
    }
    json_decref(notes);
    json_decref(about);
    model_free(m);
    return st;
}

static void test_conversion(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-sequence", "bert-shards"};
    for (size_t i = 0; i < 2; i++) {
        char *src = model_fixture_dir(names[i]);
        task t = {.src = src, .dir = scratch_new()};
        t.dst = scratch_path(t.dir, "out");
        for (int from = 0; from < 2; from++) {
            exhaust(convert_and_look, &t, FAULT_MEMORY, from);
            t.may_leave = from;
            exhaust(convert_and_look, &t, FAULT_FILES, from);
            t.may_leave = false;
            exhaust(look_inside, &t, FAULT_MEMORY, from);
            exhaust(look_inside, &t, FAULT_FILES, from);
        }
        scratch_remove(t.dir);
        free(t.dst);
        free(src);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
