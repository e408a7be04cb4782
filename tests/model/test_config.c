/* config.json: one field changed at a time, and what is read of each family. */
#include "test.h"

#include "base/json.h"
#include "model/config.h"
#include "model/recipe.h"

#define BASE(type, arch, more)                                                                     \
    "{\"model_type\": \"" type "\", \"architectures\": [\"" arch "\"], \"vocab_size\": 100, "      \
    "\"max_position_embeddings\": 40, " more "}"
#define BERT_SIZES                                                                                 \
    "\"hidden_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "                  \
    "\"intermediate_size\": 48"
#define DISTIL_SIZES "\"dim\": 32, \"n_layers\": 2, \"n_heads\": 4, \"hidden_dim\": 48"

static const char bert[] = BASE("bert", "BertForSequenceClassification", BERT_SIZES);
static const char roberta[] = BASE("roberta", "RobertaForTokenClassification", BERT_SIZES);
static const char distilbert[] =
    BASE("distilbert", "DistilBertForSequenceClassification", DISTIL_SIZES);

/* The document with field key set to the JSON `value`; NULL takes it away. */
static char *change(const char *doc, const char *key, const char *value)
{
    json_t *obj = json_loads(doc, 0, NULL);
    assert_non_null(obj);
    if (value) {
        json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
        if (!v) {
            fail_msg("not JSON: %s", value);
        }
        assert_int_equal(json_object_set_new(obj, key, v), 0);
    } else {
        assert_int_equal(json_object_del(obj, key), 0);
    }
    char *text = json_dumps(obj, 0);
    json_decref(obj);
    return text;
}

static status read(model_config *c, const char *doc, arena *a, error *err)
{
    return config_read(c, (span){(const uint8_t *)doc, strlen(doc)}, "config.json", a, err);
}

/* The configuration with its recipe. */
static status read_both(const char *doc, recipe *r, arena *a, error *err)
{
    model_config c;
    TRY(read(&c, doc, a, err));
    const status st = recipe_read(r, &c, "config.json", a, err);
    config_clear(&c);
    return st;
}

typedef struct {
    const char *doc, *key, *value, *why;
} bad_field;

static void refuse_each(const bad_field *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *text = change(bad[i].doc, bad[i].key, bad[i].value);
        arena *a = arena_new();
        error err = {0};
        recipe r;
        if (read_both(text, &r, a, &err) == OK) {
            fail_msg("not refused, though: %s", bad[i].why);
        }
        assert_error(err, ERR_ARTEFACT, "config.json: ", bad[i].why);
        arena_free(a);
        free(text);
    }
}

static void test_fields_that_are_wrong(void **state)
{
    (void)state;
    static const bad_field bad[] = {
        {bert, "model_type", NULL, "field 'model_type' is missing"},
        {bert, "model_type", "\"gpt2\"",
         "model_type 'gpt2' is not supported; bert, distilbert and roberta are"},
        {bert, "model_type", "3", "field 'model_type' must be a string"},
        {bert, "architectures", NULL, "field 'architectures' is missing"},
        {bert, "architectures", "[]", "field 'architectures' must be a list of one name"},
        {bert, "architectures", "[\"BertModel\", \"BertModel\"]", "must be a list of one name"},
        {bert, "architectures", "[1]", "must be a list of one name"},
        {bert, "architectures", "[\"BertForQuestionAnswering\"]",
         "architecture 'BertForQuestionAnswering' is not supported; of bert there are: BertModel, "
         "BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, "
         "BertForTokenClassification"},
        {bert, "architectures", "[\"RobertaModel\"]", "architecture 'RobertaModel'"},
        {bert, "is_decoder", "true", "'is_decoder' is true: decoders are not supported"},
        {bert, "is_decoder", "1", "field 'is_decoder' must be true or false"},
        {bert, "add_cross_attention", "true", "'add_cross_attention' is true"},
        {bert, "position_embedding_type", "\"relative_key\"",
         "position_embedding_type 'relative_key' is not supported; 'absolute' is"},
        {bert, "pruned_heads", "{\"0\": [1]}", "pruned_heads: pruned models"},
        {bert, "quantization_config", "{\"quant_method\": \"bitsandbytes\"}",
         "quantization_config (bitsandbytes): quantised weights are not supported"},
        {bert, "quantization_config", "3", "quantization_config (no quant_method)"},
        {bert, "hidden_size", NULL, "field 'hidden_size' is missing"},
        {bert, "hidden_size", "0", "field 'hidden_size' is 0, must be in 1..65536"},
        {bert, "hidden_size", "65540", "field 'hidden_size' is 65540, must be in 1..65536"},
        {bert, "hidden_size", "32.0", "field 'hidden_size' must be an integer"},
        {bert, "hidden_size", "-32", "field 'hidden_size' is -32"},
        {bert, "hidden_size", "34", "'hidden_size' 34 is not divisible by 'num_attention_heads' 4"},
        {distilbert, "dim", "34", "'dim' 34 is not divisible by 'n_heads' 4"},
        {distilbert, "dim", NULL, "field 'dim' is missing"},
        {bert, "num_hidden_layers", "1025",
         "field 'num_hidden_layers' is 1025, must be in 0..1024"},
        {bert, "num_attention_heads", "0", "field 'num_attention_heads' is 0"},
        {bert, "intermediate_size", "1e3", "field 'intermediate_size' must be an integer"},
        {bert, "vocab_size", "16777217", "field 'vocab_size' is 16777217, must be in 1..16777216"},
        {bert, "max_position_embeddings", "0", "field 'max_position_embeddings' is 0"},
        {bert, "type_vocab_size", "0", "field 'type_vocab_size' is 0"},
        {bert, "pad_token_id", "100", "field 'pad_token_id' is 100, must be in 0..99"},
        {roberta, "pad_token_id", "39",
         "max_position_embeddings 40 leaves no position behind pad_token_id 39"},
        {bert, "layer_norm_eps", "-1e-12", "field 'layer_norm_eps' is -1e-12, must be in [0, 1]"},
        {bert, "layer_norm_eps", "\"1e-12\"", "field 'layer_norm_eps' must be a number"},
        {bert, "hidden_act", "\"quick_gelu\"",
         "hidden_act 'quick_gelu' is not supported; gelu, gelu_new, gelu_pytorch_tanh, relu, silu "
         "and swish are"},
        {distilbert, "activation", "\"mish\"", "activation 'mish' is not supported"},
        {bert, "id2label", "[]", "field 'id2label' must be an object"},
        {bert, "id2label", "{}", "id2label has 0 labels, must be 1 to 65536"},
        {bert, "id2label", "{\"0\": \"a\", \"2\": \"b\"}", "id2label: field '1' is missing"},
        {bert, "id2label", "{\"0\": 1}", "id2label: field '0' must be a string"},
        {bert, "num_labels", "0", "field 'num_labels' is 0"},
        {bert, "problem_type", "\"ranking\"",
         "problem_type 'ranking' is not supported; single_label_classification"},
        {bert, "tacit", "[]", "field 'tacit' must be an object"},
    };
    refuse_each(bad, sizeof bad / sizeof *bad);
}

static void test_recipes_that_are_wrong(void **state)
{
    (void)state;
    static const bad_field bad[] = {
        {bert, "tacit", "{}", "tacit: field 'schema' is missing"},
        {bert, "tacit", "{\"schema\": 2, \"recipe\": \"exact\"}",
         "tacit: schema 2, this program reads 1"},
        {bert, "tacit", "{\"schema\": 1}", "tacit: field 'recipe' is missing"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"fast\"}",
         "tacit: unknown recipe 'fast'; there are exact, mpcformer, secformer, freediv, "
         "freediv-2quad, thex, poly and custom"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"atention\": {}}",
         "tacit: unknown field 'atention'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"attention\": \"2quad\"}",
         "tacit: field 'attention' must be an object"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"exact\", \"attention\": {\"form\": \"3quad\"}}",
         "tacit.attention: unknown form '3quad'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"attention\": {\"form\": 2}}",
         "tacit.attention: field 'form' must be a string"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"attention\": {\"c\": 5}}",
         "tacit.attention: unknown field 'c'"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"mpcformer\", \"attention\": "
         "{\"length_power\": 1}}",
         "tacit.attention: unknown field 'length_power'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"mpcformer\", \"attention\": {\"c\": 1e7}}",
         "tacit.attention: field 'c' is 1e+07, must be in [-1e+06, 1e+06]"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"freediv\", \"attention\": {\"length_power\": "
         "5}}",
         "tacit.attention: field 'length_power' is 5, must be in [0, 4]"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"thex\", \"attention\": {\"literal\": 1}}",
         "tacit.attention: field 'literal' must be true or false"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"custom\", \"attention\": {\"form\": \"power\", "
         "\"power\": 3}}",
         "tacit.attention: power 3 must be even"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"custom\", \"attention\": {\"form\": \"power\", "
         "\"power\": 18}}",
         "tacit.attention: field 'power' is 18, must be in 2..16"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"poly\", \"attention\": {\"sigma\": \"tanh\"}}",
         "tacit.attention: sigma 'tanh' is not known; polynomial, relu and gelu are"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"poly\", \"attention\": {\"lo\": 1}}",
         "tacit.attention: field 'hi' is missing"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"poly\", \"attention\": {\"lo\": 1, \"hi\": 1}}",
         "tacit.attention: lo 1 must be below hi 1"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"poly\", \"attention\": {\"sigma\": \"relu\", "
         "\"lo\": 0, \"hi\": 1}}",
         "tacit.attention: lo and hi are a polynomial's, sigma is 'relu'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"activation\": {}}",
         "tacit.activation: field 'form' is missing"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"exact\", \"activation\": {\"form\": "
         "\"gelu_new\"}}",
         "tacit.activation: unknown form 'gelu_new'"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"exact\", \"activation\": {\"form\": \"quad\", "
         "\"a\": 1}}",
         "tacit.activation: unknown field 'a'"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"exact\", \"norm\": {\"form\": \"groupnorm\"}}",
         "tacit.norm: unknown form 'groupnorm'"},
        {bert, "tacit",
         "{\"schema\": 1, \"recipe\": \"exact\", \"embedding_norm\": {\"form\": "
         "\"none\"}}",
         "tacit.embedding_norm: unknown form 'none'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"pooler\": {\"form\": \"mean\"}}",
         "tacit.pooler: unknown form 'mean'"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": []}",
         "tacit: field 'ranges' must be an object"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": {\"a/b\": 3}}",
         "tacit.ranges: 'a/b' must be two numbers, [lo, hi]"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": {\"a/b\": [1, 2, 3]}}",
         "tacit.ranges: 'a/b' must be two numbers, [lo, hi]"},
        {bert, "tacit", "{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": {\"a/b\": [2, 1]}}",
         "tacit.ranges: 'a/b': lo 2 is above hi 1"},
    };
    refuse_each(bad, sizeof bad / sizeof *bad);
}

static model_config read_good(const char *doc, arena *a)
{
    model_config c;
    error err = {0};
    if (read(&c, doc, a, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return c;
}

static void test_what_each_family_leaves_out(void **state)
{
    (void)state;
    arena *a = arena_new();
    model_config c = read_good(bert, a);
    assert_int_equal(c.n_types, 2);
    assert_int_equal(c.pad_id, 0);
    assert_int_equal(c.first_position, 0);
    assert_int_equal(c.max_tokens, 40);
    assert_int_equal(c.activation, ACTIVATION_GELU);
    assert_true(c.eps == 1e-12);
    assert_int_equal(c.n_labels, 2);
    assert_string_equal(c.labels[1], "LABEL_1");
    assert_int_equal(c.problem, PROBLEM_SINGLE_LABEL);
    config_clear(&c);

    c = read_good(roberta, a);
    assert_int_equal(c.pad_id, 1);
    assert_int_equal(c.first_position, 2);
    assert_int_equal(c.max_tokens, 38);
    config_clear(&c);

    char *eps = change(distilbert, "layer_norm_eps", "0.5");
    c = read_good(eps, a);
    assert_int_equal(c.n_types, 0);
    assert_true(c.eps == 1e-12);
    assert_int_equal(c.ff, 48);
    config_clear(&c);
    free(eps);
    arena_free(a);
}

static void test_labels_and_problems(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        size_t n;
        problem problem;
        const char *first;
    } rows[] = {
        {"num_labels", "1", 1, PROBLEM_REGRESSION, "LABEL_0"},
        {"num_labels", "5", 5, PROBLEM_SINGLE_LABEL, "LABEL_0"},
        {"id2label", "{\"1\": \"good\", \"0\": \"bad\", \"2\": \"so so\"}", 3, PROBLEM_SINGLE_LABEL,
         "bad"},
        {"problem_type", "\"multi_label_classification\"", 2, PROBLEM_MULTI_LABEL, "LABEL_0"},
        {"problem_type", "\"regression\"", 2, PROBLEM_REGRESSION, "LABEL_0"},
        {"problem_type", "null", 2, PROBLEM_SINGLE_LABEL, "LABEL_0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        arena *a = arena_new();
        char *text = change(bert, rows[i].key, rows[i].value);
        model_config c = read_good(text, a);
        assert_int_equal(c.n_labels, rows[i].n);
        assert_int_equal(c.problem, rows[i].problem);
        assert_string_equal(c.labels[0], rows[i].first);
        config_clear(&c);
        free(text);
        arena_free(a);
    }
}

static void test_num_labels_and_id2label_agree(void **state)
{
    (void)state;
    char *two = change(bert, "id2label", "{\"0\": \"a\", \"1\": \"b\"}");
    char *three = change(two, "num_labels", "3");
    arena *a = arena_new();
    model_config c;
    error err = {0};
    assert_int_equal(read(&c, three, a, &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "num_labels is 3, but id2label has 2");
    arena_free(a);
    free(two);
    free(three);
}

static void test_activations_of_hugging_face(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        activation_form form;
    } rows[] = {
        {"\"gelu\"", ACTIVATION_GELU},          {"\"gelu_python\"", ACTIVATION_GELU},
        {"\"gelu_new\"", ACTIVATION_GELU_TANH}, {"\"gelu_pytorch_tanh\"", ACTIVATION_GELU_TANH},
        {"\"relu\"", ACTIVATION_RELU},          {"\"silu\"", ACTIVATION_SILU},
        {"\"swish\"", ACTIVATION_SILU}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        arena *a = arena_new();
        char *text = change(bert, "hidden_act", rows[i].name);
        model_config c = read_good(text, a);
        assert_int_equal(c.activation, rows[i].form);
        config_clear(&c);
        free(text);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_that_are_wrong),
        cmocka_unit_test(test_recipes_that_are_wrong),
        cmocka_unit_test(test_what_each_family_leaves_out),
        cmocka_unit_test(test_labels_and_problems),
        cmocka_unit_test(test_num_labels_and_id2label_agree),
        cmocka_unit_test(test_activations_of_hugging_face),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
