/* A model gets another recipe: what the new directory holds, what it keeps, what is refused, and
 * that nothing is left where it fails. */
#define _GNU_SOURCE
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/json.h"
#include "model/recipe_write.h"
#include "model/safetensors_write.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

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

static model *open_or_fail(const char *path)
{
    model *m;
    error err = {0};
    if (model_open(&m, path, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

/* The recipe of that name for a fixture. */
static recipe named(const char *fixture, const char *name)
{
    char *src = model_fixture_dir(fixture);
    model *m = open_or_fail(src);
    recipe r;
    assert_true(recipe_named(&r, name, &m->exact));
    model_free(m);
    free(src);
    return r;
}

static status apply(const char *fixture, const char *to, const recipe_change *c, error *err)
{
    char *src = model_fixture_dir(fixture), *dst = scratch_path(dir, to);
    const status st = recipe_apply(src, dst, c, err);
    free(src);
    free(dst);
    return st;
}

static model *apply_and_open(const char *fixture, const char *to, const recipe_change *c)
{
    error err = {0};
    if (apply(fixture, to, c, &err) != OK) {
        fail_msg("%s", err.text);
    }
    char *dst = scratch_path(dir, to);
    model *m = open_or_fail(dst);
    free(dst);
    return m;
}

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

static bool has(const char *name)
{
    struct stat st;
    char *path = scratch_path(dir, name);
    const bool found = stat(path, &st) == 0;
    free(path);
    return found;
}

static const slot_range ranges[] = {{"layers.1.attention/scores", -2.5, 1.0 / 3},
                                    {"embeddings.norm/variance", 0.25, 4}};

static void test_forms_and_ranges(void **state)
{
    (void)state;
    recipe_change c = {.recipe = named("bert-sequence", "freediv-2quad")};
    c.recipe.attention.c = 4.5;
    c.recipe.n_ranges = 2;
    c.recipe.ranges = ranges;
    model *m = apply_and_open("bert-sequence", "out", &c);
    assert_string_equal(m->recipe.name, "freediv-2quad");
    assert_int_equal(m->layers[1].attention.form, ATTENTION_2QUAD_FREEDIV);
    assert_true(m->layers[0].attention.c == 4.5f);
    assert_int_equal(m->layers[0].activation.form, ACTIVATION_QUAD);
    assert_int_equal(m->head.activation.form, ACTIVATION_TANH);
    assert_int_equal(m->recipe.n_ranges, 2);
    assert_true(model_range(m, "layers.1.attention/scores")->hi == 1.0 / 3);
    assert_null(model_range(m, "layers.0.attention/scores"));
    model_free(m);
    assert_true(has("out/vocab.txt") && has("out/tokenizer.json"));
    assert_int_equal(entries(dir), 1);
}

static void test_config_keeps_every_other_byte(void **state)
{
    (void)state;
    const recipe_change c = {.recipe = named("bert-sequence", "mpcformer")};
    model_free(apply_and_open("bert-sequence", "out", &c));
    char *src = scratch_path(MODEL_FIXTURES, "bert-sequence/config.json");
    char *dst = scratch_path(dir, "out/config.json");
    size_t before_len, after_len;
    char *before = scratch_read(src, &before_len), *after = scratch_read(dst, &after_len);
    const char *added = strstr(after, ",\n  \"tacit\": {\n    \"schema\": 1,");
    assert_non_null(added);
    assert_memory_equal(before, after, added - after);
    assert_string_equal(before + (added - after), after + after_len - strlen("\n}\n"));
    free(before);
    free(after);
    free(src);
    free(dst);
}

static const float w1[6] = {1, 2, 3, 4, 5, 6}, w2[36] = {0.5f}, one[1] = {0.25f};
static const float gamma2[32] = {7, 8}, kappa[4] = {1, 2, 3, 4};

static const recipe_tensor net[] = {
    {"layers.0.attention.w1", 2, {6, 1}, w1},        {"layers.0.attention.b1", 1, {6}, w1},
    {"layers.0.attention.w2", 2, {6, 6}, w2},        {"layers.0.attention.b2", 1, {6}, w1},
    {"layers.0.attention.w3", 2, {1, 6}, w1},        {"layers.0.attention.b3", 1, {1}, one},
    {"layers.1.attention.w1", 2, {6, 1}, w1},        {"layers.1.attention.b1", 1, {6}, w1},
    {"layers.1.attention.w2", 2, {6, 6}, w2},        {"layers.1.attention.b2", 1, {6}, w1},
    {"layers.1.attention.w3", 2, {1, 6}, w1},        {"layers.1.attention.b3", 1, {1}, one},
    {"layers.0.output_norm.gamma", 1, {32}, gamma2},
};

static void check_net(const model *m)
{
    for (size_t i = 0; i < 2; i++) {
        const reciprocal_net *t = &m->layers[i].attention.thex;
        assert_int_equal(t->width, 6);
        assert_memory_equal(t->w1, w1, sizeof w1);
        assert_memory_equal(t->w2, w2, sizeof w2);
        assert_true(t->b3[0] == 0.25f);
    }
    assert_memory_equal(m->layers[0].output_norm.gamma, gamma2, sizeof gamma2);
    assert_int_equal(m->layers[0].output_norm.form, NORM_AFFINE);
}

static void test_constants_of_every_layout(void **state)
{
    (void)state;
    static const char *const fixtures[] = {"bert-sequence", "bert-shards", "bert-f16", "bert-bf16",
                                           "bert-old-names"};
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        recipe_change c = {.recipe = named(fixtures[i], "thex"), .n_tensors = 13, .tensors = net};
        model *m = apply_and_open(fixtures[i], fixtures[i], &c);
        check_net(m);
        char *src = model_fixture_dir(fixtures[i]);
        model *old = open_or_fail(src);
        const tensor *a = m->layers[1].up.weight, *b = old->layers[1].up.weight;
        assert_int_equal(a->type, b->type);
        assert_memory_equal(a->data, b->data, a->count * dtype_bytes(a->type));
        assert_memory_equal(m->layers[0].output_norm.beta, old->layers[0].output_norm.beta, 4 * 32);
        model_free(old);
        model_free(m);
        free(src);
    }
    assert_true(has("bert-shards/tacit.safetensors"));
    assert_false(has("bert-sequence/tacit.safetensors"));
    assert_false(has("bert-sequence/model.safetensors.index.json"));
}

/* A second conversion: constants stay with their form and go with it. */
static void test_constants_follow_their_forms(void **state)
{
    (void)state;
    static const char *const fixtures[] = {"bert-sequence", "bert-shards"};
    const recipe_tensor scale[] = {{"layers.0.attention.kappa", 1, {4}, kappa}};
    for (size_t i = 0; i < 2; i++) {
        char first[64], second[64], third[64];
        snprintf(first, sizeof first, "%s-first", fixtures[i]);
        snprintf(second, sizeof second, "%s-second", fixtures[i]);
        snprintf(third, sizeof third, "%s-third", fixtures[i]);
        recipe_change c = {
            .recipe = named(fixtures[i], "freediv"), .n_tensors = 1, .tensors = scale};
        model_free(apply_and_open(fixtures[i], first, &c));
        c.n_tensors = 0;
        c.recipe.n_ranges = 2;
        c.recipe.ranges = ranges;
        char *src = scratch_path(dir, first), *dst = scratch_path(dir, second);
        error err = {0};
        assert_int_equal(recipe_apply(src, dst, &c, &err), OK);
        model *m = open_or_fail(dst);
        assert_memory_equal(m->layers[0].attention.kappa, kappa, sizeof kappa);
        assert_null(m->layers[1].attention.kappa);
        assert_int_equal(m->recipe.n_ranges, 2);
        c.recipe = named(fixtures[i], "freediv-2quad");
        char *last = scratch_path(dir, third);
        assert_int_equal(recipe_apply(dst, last, &c, &err), OK);
        model_free(m);
        m = open_or_fail(last);
        assert_null(m->layers[0].attention.kappa);
        assert_int_equal(m->recipe.n_ranges, 0);
        model_free(m);
        free(src);
        free(dst);
        free(last);
    }
    assert_true(has("bert-shards-second/tacit.safetensors"));
    assert_false(has("bert-shards-third/tacit.safetensors"));
}

/* Constants that lie in the model's own file, as training leaves them there. */
static void test_constants_in_the_models_own_file(void **state)
{
    (void)state;
    static const struct {
        const char *name; /* of the tensor without "tacit." */
        bool stays;
    } rows[] = {
        {"layers.0.attention.kappa", false},          {"layers.1.attention.coefficients", false},
        {"layers.0.activation.coefficients", true},   {"layers.1.attention_norm.interval", false},
        {"layers.1.output_norm.coefficients", false}, {"embeddings.norm.coefficients", true},
        {"head.activation.interval", true},
    };
    recipe_change c = {.recipe = named("recipe-poly-layernorm", "custom")};
    c.recipe.activation = c.recipe.pooler = ACTIVATION_POLYNOMIAL;
    c.recipe.embedding_norm = NORM_LAYERNORM_POLYNOMIAL;
    model_free(apply_and_open("recipe-poly-layernorm", "out", &c));
    char *path = scratch_path(dir, "out/model.safetensors");
    file_map f;
    safetensors s;
    assert_int_equal(file_open(&f, path, SIZE_MAX, NULL), OK);
    assert_int_equal(safetensors_read(&s, f.bytes, path, NULL), OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[100];
        snprintf(name, sizeof name, "tacit.%s", rows[i].name);
        const stored_tensor wanted = {.view.name = name};
        const bool found =
            bsearch(&wanted, s.tensors, s.n, sizeof wanted, stored_tensor_by_name) != NULL;
        assert_int_equal(found, rows[i].stays);
    }
    safetensors_clear(&s);
    file_close(&f);
    free(path);
}

static void test_sentence_transformers_files_come_along(void **state)
{
    (void)state;
    const recipe_change c = {.recipe = named("sentence-cls", "mpcformer")};
    model *m = apply_and_open("sentence-cls", "out", &c);
    assert_int_equal(m->head.pool, POOL_FIRST);
    assert_false(m->head.normalise);
    assert_int_equal(m->max_tokens, 24);
    model_free(m);
    struct stat st;
    char *path = scratch_path(dir, "out/model.safetensors");
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    free(path);
}

static void test_what_is_refused_leaves_nothing(void **state)
{
    (void)state;
    static const recipe_tensor twice[] = {{"layers.0.attention.kappa", 1, {4}, kappa},
                                          {"layers.0.attention.kappa", 1, {4}, kappa}};
    static const recipe_tensor zero[] = {{"layers.0.attention.kappa", 1, {4}, w2 + 1}};
    static const recipe_tensor shape[] = {{"layers.0.output_norm.beta", 1, {31}, gamma2}};
    static const recipe_tensor nowhere[] = {{"layers.2.attention.kappa", 1, {4}, kappa}};
    static const slot_range slot[] = {{"layers.2.attention/scores", 0, 1}};
    static const slot_range order[] = {{"layers.1.attention/scores", 1, 0}};
    const recipe freediv = named("bert-sequence", "freediv");
    recipe bad_slot = freediv, bad_order = freediv, unnamed = freediv;
    bad_slot.n_ranges = bad_order.n_ranges = 1;
    bad_slot.ranges = slot;
    bad_order.ranges = order;
    unnamed.name = NULL;
    const struct {
        recipe_change change;
        status code;
        const char *why;
    } rows[] = {
        {{freediv, 2, twice}, ERR_USAGE, "'layers.0.attention.kappa' is given twice"},
        {{freediv, 1, zero}, ERR_ARTEFACT, "element 0 is 0, must be above 0"},
        {{freediv, 1, shape}, ERR_ARTEFACT, "has shape [31]"},
        {{freediv, 1, nowhere}, ERR_USAGE, "belongs to no form of recipe 'freediv'"},
        {{named("bert-sequence", "exact"), 1, twice}, ERR_USAGE, "belongs to no form"},
        {{named("bert-sequence", "thex"), 0, NULL},
         ERR_ARTEFACT,
         "tensor 'tacit.layers.0.attention.w1' is missing"},
        {{bad_slot, 0, NULL}, ERR_USAGE, "'layers.2.attention/scores'"},
        {{bad_order, 0, NULL}, ERR_USAGE, "[1, 0]"},
        {{unnamed, 0, NULL}, ERR_USAGE, "a recipe needs a name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        error err = {0};
        assert_int_equal(apply("bert-sequence", "out", &rows[i].change, &err), rows[i].code);
        assert_error(err, rows[i].code, rows[i].why, "recipe '");
        assert_int_equal(entries(dir), 0);
    }
}

static void test_norms_without_statistics_do_not_go_back(void **state)
{
    (void)state;
    const recipe_change thex = {named("bert-sequence", "thex"), 13, net};
    model_free(apply_and_open("bert-sequence", "first", &thex));
    const recipe_change exact = {.recipe = named("bert-sequence", "exact")};
    char *src = scratch_path(dir, "first"), *dst = scratch_path(dir, "second");
    error err = {0};
    assert_int_equal(recipe_apply(src, dst, &exact, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "form 'affine' already");
    free(src);
    free(dst);
}

static void test_what_exists_stays(void **state)
{
    (void)state;
    scratch_text(dir, "out", "mine");
    const recipe_change c = {.recipe = named("bert-sequence", "mpcformer")};
    error err = {0};
    assert_int_equal(apply("bert-sequence", "out", &c, &err), ERR_USAGE);
    assert_error(err, ERR_USAGE, "out: exists already");
    assert_int_equal(apply("bert-sequence", "no/out", &c, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "no/.out.", "cannot be made");
    assert_int_equal(entries(dir), 1);
}

static void test_written_files_read_back(void **state)
{
    (void)state;
    const stored_tensor rows[] = {safetensors_f32("b", 2, (size_t[]){2, 3}, w1),
                                  safetensors_f32("a", 0, NULL, one),
                                  safetensors_f32("", 1, (size_t[]){1}, one)};
    char *path = scratch_path(dir, "x.safetensors");
    error err = {0};
    assert_int_equal(safetensors_write(path, rows, 2, &err), OK);
    file_map f;
    safetensors s;
    assert_int_equal(file_open(&f, path, SIZE_MAX, &err), OK);
    assert_int_equal(safetensors_read(&s, f.bytes, path, &err), OK);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.tensors[0].view.name, "a");
    assert_int_equal(s.tensors[0].view.rank, 0);
    assert_int_equal(s.tensors[1].view.shape[1], 3);
    assert_memory_equal(s.tensors[1].view.data, w1, sizeof w1);
    safetensors_clear(&s);
    file_close(&f);
    assert_int_equal(safetensors_write(path, rows, 2, &err), ERR_RESOURCE);
    assert_error(err, ERR_RESOURCE, "x.safetensors", "File exists");
    assert_int_equal(safetensors_write(path, rows, 3, &err), ERR_USAGE);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forms_and_ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_config_keeps_every_other_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_constants_of_every_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_constants_follow_their_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_constants_in_the_models_own_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sentence_transformers_files_come_along, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_refused_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_norms_without_statistics_do_not_go_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_exists_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_written_files_read_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
