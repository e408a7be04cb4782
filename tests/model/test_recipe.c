/* Recipes: names and their forms, text and back, slots and ranges. */
#include "test.h"

#include "base/json.h"
#include "model/recipe.h"
#include "support/model_fixture.h"

static const recipe exact = {
    .name = "exact",
    .attention = {.c = 5, .length_power = 1, .sigma = ACTIVATION_POLYNOMIAL, .power = 2},
    .activation = ACTIVATION_SILU,
    .norm = NORM_LAYERNORM,
    .embedding_norm = NORM_LAYERNORM,
    .pooler = ACTIVATION_RELU,
};

static void test_named_recipes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        attention_form attention;
        activation_form activation;
        norm_form norm;
        activation_form pooler;
    } rows[] = {
        {"exact", ATTENTION_SOFTMAX, ACTIVATION_SILU, NORM_LAYERNORM, ACTIVATION_RELU},
        {"custom", ATTENTION_SOFTMAX, ACTIVATION_SILU, NORM_LAYERNORM, ACTIVATION_RELU},
        {"mpcformer", ATTENTION_2QUAD, ACTIVATION_QUAD, NORM_LAYERNORM, ACTIVATION_RELU},
        {"secformer", ATTENTION_2QUAD, ACTIVATION_GELU, NORM_LAYERNORM, ACTIVATION_RELU},
        {"freediv", ATTENTION_SOFTMAX_FREEDIV, ACTIVATION_QUAD, NORM_LAYERNORM, ACTIVATION_RELU},
        {"freediv-2quad", ATTENTION_2QUAD_FREEDIV, ACTIVATION_QUAD, NORM_LAYERNORM,
         ACTIVATION_RELU},
        {"thex", ATTENTION_THEX, ACTIVATION_RELU, NORM_AFFINE, ACTIVATION_NONE},
        {"poly", ATTENTION_SCALED_SIGMA, ACTIVATION_POLYNOMIAL, NORM_BATCHNORM, ACTIVATION_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        recipe r;
        assert_true(recipe_named(&r, rows[i].name, &exact));
        assert_string_equal(r.name, rows[i].name);
        assert_int_equal(r.attention.form, rows[i].attention);
        assert_int_equal(r.activation, rows[i].activation);
        assert_int_equal(r.norm, rows[i].norm);
        assert_int_equal(r.embedding_norm, NORM_LAYERNORM);
        assert_int_equal(r.pooler, rows[i].pooler);
        assert_non_null(strstr(recipe_names(), rows[i].name));
    }
    recipe r;
    assert_false(recipe_named(&r, "", &exact));
    assert_false(recipe_named(&r, "Exact", &exact));
}

static recipe read_back(json_t *tacit, arena *a)
{
    static const architecture arch = {"BertModel", FAMILY_BERT, HEAD_EMBEDDING};
    const model_config c = {.architecture = &arch, .tacit = tacit, .activation = ACTIVATION_GELU};
    recipe r;
    error err = {0};
    if (recipe_read(&r, &c, "config.json", a, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return r;
}

static void assert_same(const recipe *a, const recipe *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->attention.form, b->attention.form);
    assert_true(a->attention.c == b->attention.c);
    assert_true(a->attention.length_power == b->attention.length_power);
    assert_int_equal(a->attention.literal, b->attention.literal);
    assert_int_equal(a->attention.sigma, b->attention.sigma);
    assert_int_equal(a->attention.has_interval, b->attention.has_interval);
    assert_true(a->attention.lo == b->attention.lo && a->attention.hi == b->attention.hi);
    assert_int_equal(a->attention.power, b->attention.power);
    assert_int_equal(a->activation, b->activation);
    assert_int_equal(a->norm, b->norm);
    assert_int_equal(a->embedding_norm, b->embedding_norm);
    assert_int_equal(a->pooler, b->pooler);
    assert_int_equal(a->n_ranges, b->n_ranges);
    for (size_t i = 0; i < a->n_ranges; i++) {
        assert_string_equal(a->ranges[i].slot, b->ranges[i].slot);
        assert_true(a->ranges[i].lo == b->ranges[i].lo && a->ranges[i].hi == b->ranges[i].hi);
    }
}

static void test_written_recipes_read_back(void **state)
{
    (void)state;
    static const slot_range ranges[] = {{"a/x", -1.0 / 3, 1e-300}, {"b/y", 0, 0}};
    for (unsigned i = 0; i < 7 * 8 * 5; i++) {
        recipe r = exact;
        r.name = "custom";
        r.attention.form = (attention_form)(i % 7);
        r.activation = (activation_form)(i / 7 % 8);
        r.norm = (norm_form)(i / 56);
        r.embedding_norm = (norm_form)((i + 1) % 5);
        r.pooler = (activation_form)((i + 3) % 8);
        switch (r.attention.form) {
        case ATTENTION_2QUAD_FREEDIV:
            r.attention.length_power = 0.1;
            r.attention.c = -2.5;
            break;
        case ATTENTION_THEX:
            r.attention.literal = i % 2;
            break;
        case ATTENTION_SCALED_SIGMA:
            r.attention.has_interval = i % 2;
            r.attention.lo = r.attention.has_interval ? -0.7 : 0;
            r.attention.hi = r.attention.has_interval ? 1e-3 : 0;
            break;
        case ATTENTION_POWER:
            r.attention.power = 6;
            break;
        default:
            break;
        }
        r.n_ranges = i % 3;
        r.ranges = ranges;
        json_t *tacit = recipe_json(&r);
        assert_non_null(tacit);
        arena *a = arena_new();
        const recipe back = read_back(tacit, a);
        assert_same(&back, &r);
        arena_free(a);
        json_decref(tacit);
    }
}

static void test_ranges_are_found_by_slot(void **state)
{
    (void)state;
    arena *a = arena_new();
    json_t *tacit =
        json_loads("{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": {\"c/c\": [3, 4], "
                   "\"a/a\": [1, 2], \"d/d\": [-1, 0], \"b/b\": [2, 3]}}",
                   0, NULL);
    const recipe r = read_back(tacit, a);
    json_decref(tacit); /* nothing may point into it */
    const model m = {.recipe = r};
    assert_int_equal(r.n_ranges, 4);
    assert_true(model_range(&m, "a/a")->lo == 1);
    assert_true(model_range(&m, "b/b")->lo == 2);
    assert_true(model_range(&m, "c/c")->hi == 4);
    assert_true(model_range(&m, "d/d")->hi == 0);
    assert_null(model_range(&m, "a"));
    assert_null(model_range(&m, "bb/b"));
    assert_null(model_range(&m, "e/e"));
    assert_null(model_range(&(model){0}, "a/a"));
    arena_free(a);
}

static void test_slots_of_a_model(void **state)
{
    (void)state;
    model m = {.n_layers = 12, .head = {.kind = HEAD_SEQUENCE}};
    static const char *const there[] = {
        "embeddings.norm/centred", "embeddings.norm/variance",
        "layers.0.query/output",   "layers.11.key/output",
        "layers.9.value/output",   "layers.10.attention/scores",
        "layers.0.attention/sum",  "layers.0.attention/context",
        "layers.0.output/output",  "layers.0.attention_norm/centred",
        "layers.0.up/output",      "layers.0.activation/input",
        "layers.0.down/output",    "layers.0.output_norm/variance",
        "head.dense/output",       "head.activation/input",
        "head.out/output"};
    static const char *const not_there[] = {
        "",
        "/",
        "layers.0.query",
        "layers.0.query/",
        "layers.0.query/input",
        "layers.0.query/output/",
        "layers.12.query/output",
        "layers.00.query/output",
        "layers.01.query/output",
        "layers..query/output",
        "layers.-1.query/output",
        "layers.18446744073709551616.query/output",
        "layers.0.attention/output",
        "layers.0.norm/centred",
        "layers.0.attention_norm/input",
        "embeddings.norm/output",
        "head/output",
        "query/output",
    };
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        assert_true(model_has_slot(&m, there[i]));
    }
    for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++) {
        assert_false(model_has_slot(&m, not_there[i]));
    }
    m.head.kind = HEAD_TOKEN;
    assert_false(model_has_slot(&m, "head.dense/output"));
    assert_true(model_has_slot(&m, "head.out/output"));
    m.head.kind = HEAD_EMBEDDING;
    assert_false(model_has_slot(&m, "head.out/output"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_recipes),
        cmocka_unit_test(test_written_recipes_read_back),
        cmocka_unit_test(test_ranges_are_found_by_slot),
        cmocka_unit_test(test_slots_of_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
