#include "model/config.h"

#include <string.h>

#include "base/json.h"

static const architecture architectures[] = {
    {"BertModel", FAMILY_BERT, HEAD_EMBEDDING},
    {"BertForMaskedLM", FAMILY_BERT, HEAD_EMBEDDING},
    {"BertForPreTraining", FAMILY_BERT, HEAD_EMBEDDING},
    {"BertForSequenceClassification", FAMILY_BERT, HEAD_SEQUENCE},
    {"BertForTokenClassification", FAMILY_BERT, HEAD_TOKEN},
    {"DistilBertModel", FAMILY_DISTILBERT, HEAD_EMBEDDING},
    {"DistilBertForMaskedLM", FAMILY_DISTILBERT, HEAD_EMBEDDING},
    {"DistilBertForSequenceClassification", FAMILY_DISTILBERT, HEAD_SEQUENCE},
    {"DistilBertForTokenClassification", FAMILY_DISTILBERT, HEAD_TOKEN},
    {"RobertaModel", FAMILY_ROBERTA, HEAD_EMBEDDING},
    {"RobertaForMaskedLM", FAMILY_ROBERTA, HEAD_EMBEDDING},
    {"RobertaForSequenceClassification", FAMILY_ROBERTA, HEAD_SEQUENCE},
    {"RobertaForTokenClassification", FAMILY_ROBERTA, HEAD_TOKEN},
};

/* What each family calls its fields, and what a field is where it is absent. */
typedef struct {
    const char *model_type;
    const char *dim, *layers, *heads, *ff, *activation;
    size_t pad_id;
    bool has_types;
} family_fields;

static const family_fields families[] = {
    [FAMILY_BERT] = {"bert", "hidden_size", "num_hidden_layers", "num_attention_heads",
                     "intermediate_size", "hidden_act", 0, true},
    [FAMILY_DISTILBERT] = {"distilbert", "dim", "n_layers", "n_heads", "hidden_dim", "activation",
                           0, false},
    [FAMILY_ROBERTA] = {"roberta", "hidden_size", "num_hidden_layers", "num_attention_heads",
                        "intermediate_size", "hidden_act", 1, true},
};

char *arena_text(arena *a, const char *s)
{
    const size_t bytes = strlen(s) + 1;
    char *copy = arena_take(a, bytes, 1);
    return copy ? memcpy(copy, s, bytes) : NULL;
}

bool config_activation(activation_form *out, const char *name)
{
    static const struct {
        const char *name;
        activation_form form;
    } rows[] = {
        {"gelu", ACTIVATION_GELU},          {"gelu_python", ACTIVATION_GELU},
        {"gelu_new", ACTIVATION_GELU_TANH}, {"gelu_pytorch_tanh", ACTIVATION_GELU_TANH},
        {"relu", ACTIVATION_RELU},          {"silu", ACTIVATION_SILU},
        {"swish", ACTIVATION_SILU},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *out = rows[i].form;
            return true;
        }
    }
    return false;
}

static status read_architecture(model_config *c, const char *path, error *err)
{
    const char *type;
    json_t *list;
    TRY(json_get_string(c->doc, "model_type", true, &type, path, err));
    const family_fields *f = NULL;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        f = strcmp(families[i].model_type, type) == 0 ? &families[i] : f;
    }
    if (!f) {
        return error_set(
            err, ERR_ARTEFACT,
            "%s: model_type '%.60s' is not supported; bert, distilbert and roberta are", path,
            type);
    }
    TRY(json_get_array(c->doc, "architectures", true, &list, path, err));
    const char *name = json_string_value(json_array_get(list, 0));
    if (json_array_size(list) != 1 || !name) {
        return error_set(err, ERR_ARTEFACT, "%s: field 'architectures' must be a list of one name",
                         path);
    }
    char known[400] = "";
    for (size_t i = 0, at = 0; i < sizeof architectures / sizeof *architectures; i++) {
        const architecture *a = &architectures[i];
        if (a->family != (family)(f - families)) {
            continue;
        }
        if (strcmp(a->name, name) == 0) {
            c->architecture = a;
            c->family_name = f->model_type;
            return OK;
        }
        at += (size_t)snprintf(known + at, sizeof known - at, at ? ", %s" : "%s", a->name);
    }
    return error_set(err, ERR_ARTEFACT,
                     "%s: architecture '%.60s' is not supported; of %s there are: %s", path, name,
                     f->model_type, known);
}

/* Fields that would change the computation. */
static status refuse_variants(const json_t *doc, const char *path, error *err)
{
    static const char *const flags[] = {"is_decoder", "add_cross_attention"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bool on = false;
        TRY(json_get_bool(doc, flags[i], false, &on, path, err));
        if (on) {
            return error_set(err, ERR_ARTEFACT, "%s: '%s' is true: decoders are not supported",
                             path, flags[i]);
        }
    }
    const char *kind = "absolute";
    TRY(json_get_string(doc, "position_embedding_type", false, &kind, path, err));
    if (strcmp(kind, "absolute") != 0) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: position_embedding_type '%.60s' is not supported; 'absolute' is",
                         path, kind);
    }
    if (json_object_size(json_object_get(doc, "pruned_heads")) > 0) {
        return error_set(err, ERR_ARTEFACT, "%s: pruned_heads: pruned models are not supported",
                         path);
    }
    const json_t *quantized = json_object_get(doc, "quantization_config");
    if (quantized && !json_is_null(quantized)) {
        const char *how = json_string_value(json_object_get(quantized, "quant_method"));
        return error_set(err, ERR_ARTEFACT,
                         "%s: quantization_config (%.60s): quantised weights are not supported; "
                         "F32, F16 and BF16 are",
                         path, how ? how : "no quant_method");
    }
    return OK;
}

static status read_sizes(model_config *c, const family_fields *f, const char *path, error *err)
{
    const json_t *d = c->doc;
    TRY(json_get_size(d, f->dim, true, 1, CONFIG_MAX_DIM, &c->dim, path, err));
    TRY(json_get_size(d, f->layers, true, 0, CONFIG_MAX_LAYERS, &c->n_layers, path, err));
    TRY(json_get_size(d, f->heads, true, 1, CONFIG_MAX_DIM, &c->n_heads, path, err));
    TRY(json_get_size(d, f->ff, true, 1, 4 * CONFIG_MAX_DIM, &c->ff, path, err));
    TRY(json_get_size(d, "vocab_size", true, 1, CONFIG_MAX_VOCAB, &c->vocab, path, err));
    TRY(json_get_size(d, "max_position_embeddings", true, 1, CONFIG_MAX_POSITIONS,
                      &c->max_positions, path, err));
    if (c->dim % c->n_heads != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: '%s' %zu is not divisible by '%s' %zu", path,
                         f->dim, c->dim, f->heads, c->n_heads);
    }
    if (f->has_types) {
        c->n_types = 2;
        TRY(json_get_size(d, "type_vocab_size", false, 1, CONFIG_MAX_DIM, &c->n_types, path, err));
    }
    return OK;
}

/* RoBERTa counts positions from behind the padding token's. */
static status read_positions(model_config *c, const family_fields *f, const char *path, error *err)
{
    c->pad_id = f->pad_id;
    TRY(json_get_size(c->doc, "pad_token_id", false, 0, c->vocab - 1, &c->pad_id, path, err));
    c->max_tokens = c->max_positions;
    if (c->architecture->family != FAMILY_ROBERTA) {
        return OK;
    }
    c->first_position = c->pad_id + 1;
    if (c->first_position >= c->max_positions) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: max_position_embeddings %zu leaves no position behind pad_token_id "
                         "%zu",
                         path, c->max_positions, c->pad_id);
    }
    c->max_tokens = c->max_positions - c->first_position;
    return OK;
}

static status read_numerics(model_config *c, const family_fields *f, const char *path, error *err)
{
    c->eps = 1e-12;
    if (c->architecture->family != FAMILY_DISTILBERT) { /* there it is fixed */
        TRY(json_get_double(c->doc, "layer_norm_eps", false, 0, 1, &c->eps, path, err));
    }
    const char *act = "gelu";
    TRY(json_get_string(c->doc, f->activation, false, &act, path, err));
    if (!config_activation(&c->activation, act)) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: %s '%.60s' is not supported; gelu, gelu_new, gelu_pytorch_tanh, "
                         "relu, silu and swish are",
                         path, f->activation, act);
    }
    return OK;
}

static status read_fields(model_config *c, const char *path, arena *a, error *err)
{
    TRY(read_architecture(c, path, err));
    TRY(refuse_variants(c->doc, path, err));
    const family_fields *f = &families[c->architecture->family];
    TRY(read_sizes(c, f, path, err));
    TRY(read_positions(c, f, path, err));
    TRY(read_numerics(c, f, path, err));
    if (c->architecture->head != HEAD_EMBEDDING) {
        TRY(config_read_labels(c, path, a, err));
    }
    return json_get_object(c->doc, "tacit", false, &c->tacit, path, err);
}

status config_read(model_config *out, span text, const char *path, arena *a, error *err)
{
    *out = (model_config){.pool = POOL_MEAN, .normalise = true};
    TRY(json_read(&out->doc, text, path, err));
    const status st = read_fields(out, path, a, err);
    if (st != OK) {
        config_clear(out);
    }
    return st;
}

void config_clear(model_config *c)
{
    json_decref(c->doc);
    *c = (model_config){0};
}
