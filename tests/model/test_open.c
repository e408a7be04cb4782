/* Whole directories: what opens, what each part of the struct says, and what is refused. */
#define _GNU_SOURCE
#include "test.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "model/inspect.h"
#include "model/safetensors_write.h"
#include "model/weights.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

static char *root, *dir; /* dir: a copy of a fixture inside root, free to be changed */

static int set_up(void **state)
{
    (void)state;
    root = scratch_new();
    dir = scratch_path(root, "model");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(root);
    free(dir);
    return 0;
}

static void take(const char *fixture)
{
    scratch_remove(strdup(dir));
    char *src = model_fixture_dir(fixture);
    scratch_copy(dir, src);
    free(src);
}

static void set_config(const char *key, const char *text)
{
    char *path = scratch_path(dir, "config.json");
    json_t *doc = json_load_file(path, 0, NULL), *v = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_true(doc && v);
    json_object_set_new(doc, key, v);
    assert_int_equal(json_dump_file(doc, path, 0), 0);
    json_decref(doc);
    free(path);
}

/* Replace a tensor of model.safetensors, or take it away where row is NULL; a name that is not
 * there is added. */
static void set_tensor(const char *name, const stored_tensor *row)
{
    weights w;
    error err = {0};
    if (weights_open(&w, dir, &err) != OK) {
        fail_msg("%s", err.text);
    }
    stored_tensor *rows = calloc(w.n + 1, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < w.n; i++) {
        if (strcmp(w.tensors[i].view.name, name) != 0) {
            rows[n++] = w.tensors[i];
        }
    }
    if (row) {
        rows[n] = *row;
        rows[n++].view.name = name;
    }
    char *path = scratch_path(dir, "model.safetensors"), *fresh = scratch_path(dir, "fresh");
    assert_int_equal(safetensors_write(fresh, rows, n, NULL), OK);
    weights_close(&w);
    assert_int_equal(rename(fresh, path), 0);
    free(rows);
    free(path);
    free(fresh);
}

static void set_floats(const char *name, size_t n, const float *x)
{
    const stored_tensor row = safetensors_f32(name, 1, &n, x);
    set_tensor(name, &row);
}

static void refuse_path(const char *path, const char *why)
{
    model *m;
    error err = {0};
    if (model_open(&m, path, &err) == OK) {
        fail_msg("not refused, though: %s", why);
    }
    assert_null(m);
    assert_error(err, ERR_ARTEFACT, path, why);
}

static void refuse(const char *why)
{
    refuse_path(dir, why);
}

static model *open_good(const char *path)
{
    model *m;
    error err = {0};
    if (model_open(&m, path, &err) != OK) {
        fail_msg("%s", err.text);
    }
    return m;
}

static void test_paths_that_are_no_model(void **state)
{
    (void)state;
    refuse("no such directory");
    refuse_path("somebody/bert-base", "hf download somebody/bert-base --local-dir bert-base");
    refuse_path("README.md", "is a file; a model is the directory");
    refuse_path("README.md/x", "no such directory");
    mkdir(dir, 0777);
    refuse("no config.json: not a Hugging Face model directory");
    scratch_text(dir, "m-q4.gguf", "GGUF");
    refuse("no config.json; GGUF (m-q4.gguf) is not read");
    scratch_text(dir, "adapter_config.json", "{}");
    refuse("is a PEFT adapter, not a model");
    scratch_text(dir, "config.json", "");
    refuse("config.json:1:1: not valid JSON");
    char *path = scratch_path(dir, "config.json");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse("config.json: is not a regular file");
    free(path);
}

static void test_checkpoints_of_other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *fixture, *file, *why;
    } rows[] = {
        {"bert-sequence", "pytorch_model.bin",
         "pytorch_model.bin is a pickle, which can run code and is never read. Convert it where "
         "you "
         "trust it: python3 -c \"import sys; from transformers import "
         "AutoModelForSequenceClassification as M; "},
        {"bert-token", "model.pt",
         "from transformers import AutoModelForTokenClassification as M; "
         "M.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1], "
         "safe_serialization=True)\" '"},
        {"bert-embedding", "pytorch_model.bin.index.json",
         "from transformers import AutoModel as M"},
        {"bert-embedding", "last.ckpt", "last.ckpt is a pickle"},
        {"bert-embedding", "tf_model.h5",
         "tf_model.h5 is a TensorFlow checkpoint; only safetensors"},
        {"bert-embedding", "bert_model.ckpt.index", "is a TensorFlow checkpoint"},
        {"bert-embedding", "flax_model.msgpack", "flax_model.msgpack is a Flax checkpoint"},
        {"bert-embedding", "model.onnx", "model.onnx is an ONNX graph"},
        {"bert-embedding", "m.gguf", "m.gguf is a GGUF file"},
        {"bert-embedding", "training_args.bin",
         "neither model.safetensors nor "
         "model.safetensors.index.json is there"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take(rows[i].fixture);
        char *path = scratch_path(dir, "model.safetensors");
        unlink(path);
        free(path);
        scratch_text(dir, rows[i].file, "x");
        refuse(rows[i].why);
    }
}

static void test_tensors_that_are_wrong(void **state)
{
    (void)state;
    static const float x[64] = {1};
    const float nan[32] = {[7] = NAN};
    take("bert-sequence");
    set_tensor("bert.encoder.layer.1.output.dense.bias", NULL);
    refuse("model.safetensors: tensor 'bert.encoder.layer.1.output.dense.bias' is missing");
    set_floats("bert.encoder.layer.1.output.dense.bias", 31, x);
    refuse("tensor 'bert.encoder.layer.1.output.dense.bias' has shape [31], config.json asks [32]");
    set_floats("bert.encoder.layer.1.output.dense.bias", 32, nan);
    refuse("tensor 'bert.encoder.layer.1.output.dense.bias': element 7 is not finite");
    stored_tensor ids = safetensors_f32("", 1, (size_t[]){32}, x);
    ids.dtype = "I32";
    set_tensor("bert.encoder.layer.1.output.dense.bias", &ids);
    refuse("tensor 'bert.encoder.layer.1.output.dense.bias' has dtype I32");

    take("bert-sequence");
    set_config("num_hidden_layers", "3");
    refuse("tensor 'bert.encoder.layer.2.attention.self.query.weight' is missing");
    take("bert-sequence");
    set_config("vocab_size", "105");
    refuse("tensor 'bert.embeddings.word_embeddings.weight' has shape [104, 32], config.json asks "
           "[105, 32]");
    take("bert-sequence");
    set_config("id2label", "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}");
    refuse("tensor 'classifier.weight' has shape [2, 32], config.json asks [3, 32]");
    take("bert-sequence");
    set_tensor("bert.pooler.dense.weight", NULL);
    refuse("tensor 'bert.pooler.dense.weight' is missing");
    take("bert-sequence");
    set_tensor("bert.embeddings.LayerNorm.weight", NULL);
    refuse("tensor 'bert.embeddings.LayerNorm.weight' is missing");
    take("bert-embedding");
    set_config("architectures", "[\"BertForSequenceClassification\"]");
    refuse("tensor 'classifier.weight' is missing");
    take("distilbert-sequence");
    set_tensor("pre_classifier.weight", NULL);
    refuse("tensor 'pre_classifier.weight' is missing");
    take("roberta-sequence");
    set_tensor("classifier.out_proj.bias", NULL);
    refuse("tensor 'classifier.out_proj.bias' is missing");
}

static void test_constants_that_are_wrong(void **state)
{
    (void)state;
    static const float up[2] = {1, 1}, x[5000] = {1}, minus[4] = {1, 1, -1, 1};
    take("bert-constants");
    set_config("tacit", "{\"schema\": 1, \"recipe\": \"poly\"}");
    model_free(open_good(dir));
    set_floats("tacit.layers.0.activation.interval", 2, up);
    refuse("tensor 'tacit.layers.0.activation.interval': lo 1 must be below hi 1");
    set_tensor("tacit.layers.0.activation.interval", NULL);
    refuse("tensor 'tacit.layers.0.activation.interval' is missing");
    set_floats("tacit.layers.0.attention.coefficients", 257, x);
    refuse("tensor 'tacit.layers.0.attention.coefficients' has 257 elements, must be 1 to 256");
    set_floats("tacit.layers.0.attention.coefficients", 0, x);
    refuse("tensor 'tacit.layers.0.attention.coefficients' has 0 elements, must be 1 to 256");
    set_tensor("tacit.layers.0.attention.coefficients", NULL);
    refuse("tensor 'tacit.layers.0.attention.coefficients' is missing");

    take("bert-constants");
    set_config("tacit", "{\"schema\": 1, \"recipe\": \"freediv\"}");
    set_floats("tacit.layers.1.attention.kappa", 4, minus);
    refuse("tensor 'tacit.layers.1.attention.kappa': element 2 is -1, must be above 0");
    set_floats("tacit.layers.1.attention.kappa", 3, x);
    refuse("tensor 'tacit.layers.1.attention.kappa' has shape [3], config.json asks [4]");

    take("bert-constants");
    set_config("tacit", "{\"schema\": 1, \"recipe\": \"thex\"}");
    set_floats("tacit.layers.1.attention.b1", 4097, x);
    refuse("tensor 'tacit.layers.1.attention.b1' has 4097 elements, must be 1 to 4096");
    set_floats("tacit.layers.1.attention.b1", 5, x);
    refuse("tensor 'tacit.layers.1.attention.w1' has shape [6, 1], config.json asks [5, 1]");

    take("bert-token");
    set_config("tacit",
               "{\"schema\": 1, \"recipe\": \"exact\", \"ranges\": {\"head.dense/output\": "
               "[0, 1]}}");
    refuse("tacit.ranges: the model has no slot 'head.dense/output'");
}

static void test_sentence_transformers_files(void **state)
{
    (void)state;
    static const char modules[] =
        "[{\"type\": \"sentence_transformers.models.Transformer\", \"path\": \"%s\"}, "
        "{\"type\": \"sentence_transformers.models.%s\", \"path\": \"%s\"}, "
        "{\"type\": \"sentence_transformers.models.%s\", \"path\": \"2_X\"}]";
    static const struct {
        const char *first, *second, *folder, *third, *why;
    } rows[] = {
        {"", "Pooling", "1_Pooling", "Dense",
         "modules.json: module 2: 'sentence_transformers.models.Dense' is not supported there"},
        {"", "WeightedLayerPooling", "1_Pooling", "Normalize",
         "module 1: 'sentence_transformers.models.WeightedLayerPooling' is not supported there"},
        {"0_Transformer", "Pooling", "1_Pooling", "Normalize",
         "module 0: its model lies in '0_Transformer'; only one in the directory itself"},
        {"", "Pooling", "../1_Pooling", "Normalize",
         "modules.json: path '../1_Pooling' must be a plain name"},
        {"", "Pooling", "2_Pooling", "Normalize",
         "2_Pooling/config.json: is missing, modules.json asks for it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take("sentence-mean");
        char *text;
        assert_true(asprintf(&text, modules, rows[i].first, rows[i].second, rows[i].folder,
                             rows[i].third) > 0);
        scratch_text(dir, "modules.json", text);
        free(text);
        refuse(rows[i].why);
    }
    static const struct {
        const char *file, *text, *why;
    } files[] = {
        {"modules.json", "{}", "modules.json: must be a JSON array"},
        {"modules.json", "[]", "modules.json: 0 modules, must be Transformer and Pooling at least"},
        {"modules.json", "[1, 2]", "modules.json: module 0: must be an object"},
        {"modules.json", "[{}, {}]", "modules.json: module 0: field 'type' is missing"},
        {"1_Pooling/config.json", "{\"pooling_mode_max_tokens\": true}",
         "1_Pooling/config.json: pooling 'max' is not supported; mean and cls are"},
        {"1_Pooling/config.json", "{\"pooling_mode\": \"lasttoken\"}",
         "pooling 'lasttoken' is not supported"},
        {"1_Pooling/config.json",
         "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": true}",
         "pooling by cls and mean together is not supported"},
        {"sentence_bert_config.json", "{\"max_seq_length\": 0}",
         "sentence_bert_config.json: field 'max_seq_length' is 0"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        take("sentence-mean");
        scratch_text(dir, files[i].file, files[i].text);
        refuse(files[i].why);
    }
}

static void test_pooling_of_embeddings(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        pooling pool;
        bool normalise;
        size_t max_tokens;
    } rows[] = {
        {"1_Pooling/config.json", "{\"pooling_mode\": \"cls\"}", POOL_FIRST, true, 24},
        {"1_Pooling/config.json", "{}", POOL_MEAN, true, 24},
        {"sentence_bert_config.json", "{\"max_seq_length\": null}", POOL_MEAN, true, 40},
        {"sentence_bert_config.json", "{\"max_seq_length\": 4000}", POOL_MEAN, true, 40},
        {"modules.json",
         "[{\"type\": \"sentence_transformers.base.modules.transformer.Transformer\", \"path\": "
         "\"\"}, "
         "{\"type\": \"x.Pooling\", \"path\": \"1_Pooling\"}]",
         POOL_MEAN, false, 24},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take("sentence-mean");
        scratch_text(dir, rows[i].file, rows[i].text);
        model *m = open_good(dir);
        assert_int_equal(m->head.kind, HEAD_EMBEDDING);
        assert_int_equal(m->head.pool, rows[i].pool);
        assert_int_equal(m->head.normalise, rows[i].normalise);
        assert_int_equal(m->max_tokens, rows[i].max_tokens);
        model_free(m);
    }
    take("bert-sequence"); /* modules.json means nothing to a classifier */
    scratch_text(dir, "modules.json", "[]");
    model_free(open_good(dir));
}

static void test_names_and_ids_in_order(void **state)
{
    (void)state;
    model *m = open_good(MODEL_FIXTURES "/distilbert-sequence");
    assert_string_equal(m->family, "distilbert");
    assert_string_equal(m->architecture, "DistilBertForSequenceClassification");
    assert_int_equal(m->n_linears, 14);
    assert_int_equal(m->n_ops, 10);
    assert_string_equal(m->embeddings.norm.name, "embeddings.norm");
    assert_int_equal(m->embeddings.norm.id, 0);
    assert_null(m->embeddings.type);
    const encoder_layer *l = &m->layers[1];
    const linear *const maps[] = {&l->query, &l->key,  &l->value,      &l->output,
                                  &l->up,    &l->down, &m->head.dense, &m->head.out};
    static const char *const names[] = {"layers.1.query",  "layers.1.key", "layers.1.value",
                                        "layers.1.output", "layers.1.up",  "layers.1.down",
                                        "head.dense",      "head.out"};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(maps[i]->id, 6 + i);
        assert_string_equal(maps[i]->name, names[i]);
        assert_non_null(maps[i]->bias);
        assert_int_equal(maps[i]->weight->shape[0], maps[i]->out);
        assert_int_equal(maps[i]->weight->shape[1], maps[i]->in);
    }
    assert_string_equal(l->attention.name, "layers.1.attention");
    assert_int_equal(l->attention.id, 5);
    assert_int_equal(l->attention_norm.id, 6);
    assert_int_equal(l->activation.id, 7);
    assert_int_equal(l->output_norm.id, 8);
    assert_int_equal(m->head.activation.id, 9);
    assert_int_equal(m->head.activation.form, ACTIVATION_RELU);
    assert_int_equal(l->attention.head_dim, 8);
    assert_true(l->attention.scale == 1 / sqrtf(8));
    assert_int_equal(m->recipe.pooler, ACTIVATION_RELU);
    model_free(m);

    m = open_good(MODEL_FIXTURES "/roberta-token");
    assert_int_equal(m->embeddings.first_position, 2);
    assert_int_equal(m->max_tokens, 38);
    assert_int_equal(m->head.kind, HEAD_TOKEN);
    assert_false(m->head.has_dense);
    assert_int_equal(m->head.n_labels, 7);
    assert_string_equal(m->head.labels[6], "LABEL_6");
    model_free(m);
}

static void test_verify_notes_what_is_odd(void **state)
{
    (void)state;
    const float nan[2] = {1, NAN};
    take("sentence-mean");
    set_floats("extra", 2, (const float[]){1, 2});
    scratch_text(dir, "old.safetensors", "x");
    model *m = open_good(dir);
    json_t *notes;
    error err = {0};
    assert_int_equal(model_verify(m, &notes, &err), OK);
    static const char *const want[] = {
        "tensor 'extra' (F32, [2]) in model.safetensors is not used",
        "tensor 'pooler.dense.bias' (F32, [32]) in model.safetensors is not used",
        "tensor 'pooler.dense.weight' (F32, [32, 32]) in model.safetensors is not used",
        "file old.safetensors is not read",
        "recipe 'exact' holds no calibrated ranges",
    };
    assert_int_equal(json_array_size(notes), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(json_string_value(json_array_get(notes, i)), want[i]);
    }
    json_decref(notes);
    model_free(m);

    set_floats("extra", 2, nan);
    m = open_good(dir); /* what is not used is not looked at */
    assert_int_equal(model_verify(m, &notes, &err), ERR_ARTEFACT);
    assert_null(notes);
    assert_error(err, ERR_ARTEFACT, "tensor 'extra': element 1 is not finite");
    model_free(m);

    m = open_good(MODEL_FIXTURES "/recipe-secformer");
    assert_int_equal(model_verify(m, &notes, &err), OK);
    assert_int_equal(json_array_size(notes), 0);
    json_decref(notes);
    model_free(m);
}

static void test_description(void **state)
{
    (void)state;
    model *m = open_good(MODEL_FIXTURES "/bert-f16");
    json_t *d = model_describe(m);
    assert_non_null(d);
    json_t *want = json_loads(
        "{\"family\": \"bert\", \"architecture\": \"BertForSequenceClassification\", \"dim\": 32, "
        "\"layers\": 2, \"heads\": 4, \"feed_forward\": 48, \"vocabulary\": 104, \"positions\": "
        "40, "
        "\"max_tokens\": 40, \"parameters\": 20866, \"dtypes\": {\"F16\": 20866}, \"head\": "
        "{\"kind\": \"sequence-classification\", \"problem\": \"single-label\", \"labels\": "
        "[\"LABEL_0\", \"LABEL_1\"]}}",
        0, NULL);
    assert_non_null(want);
    const char *key;
    json_t *field;
    json_object_foreach(want, key, field)
    {
        if (!json_equal(field, json_object_get(d, key))) {
            fail_msg("field %s differs", key);
        }
    }
    assert_int_equal(json_array_size(json_object_get(d, "files")), 1);
    assert_true(json_integer_value(json_object_get(d, "bytes")) > 2 * 20866);
    assert_string_equal(json_string_value(json_object_get(json_object_get(d, "recipe"), "recipe")),
                        "exact");
    json_decref(want);
    json_decref(d);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths_that_are_no_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkpoints_of_other_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tensors_that_are_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_constants_that_are_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sentence_transformers_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pooling_of_embeddings, set_up, tear_down),
        cmocka_unit_test(test_names_and_ids_in_order),
        cmocka_unit_test_setup_teardown(test_verify_notes_what_is_odd, set_up, tear_down),
        cmocka_unit_test(test_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
