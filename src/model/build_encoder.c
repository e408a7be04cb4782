#include "model/build.h"
#include "model/store.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a family calls its tensors. */
typedef struct {
    const char *base;                          /* before the encoder's tensors under a head */
    const char *word, *position, *type, *norm; /* in base */
    const char *layers;                        /* in base; below it the layer's number */
    const char *query, *key, *value, *output, *attention_norm, *up, *down, *output_norm;
    const char *dense; /* of a sequence classifier */
    bool dense_in_base;
    const char *sequence_out, *token_out;
} tensor_names;

static const tensor_names families[] = {
    [FAMILY_BERT] =
        {
            .base = "bert.",
            .word = "embeddings.word_embeddings.weight",
            .position = "embeddings.position_embeddings.weight",
            .type = "embeddings.token_type_embeddings.weight",
            .norm = "embeddings.LayerNorm",
            .layers = "encoder.layer",
            .query = "attention.self.query",
            .key = "attention.self.key",
            .value = "attention.self.value",
            .output = "attention.output.dense",
            .attention_norm = "attention.output.LayerNorm",
            .up = "intermediate.dense",
            .down = "output.dense",
            .output_norm = "output.LayerNorm",
            .dense = "pooler.dense",
            .dense_in_base = true,
            .sequence_out = "classifier",
            .token_out = "classifier",
        },
    [FAMILY_DISTILBERT] =
        {
            .base = "distilbert.",
            .word = "embeddings.word_embeddings.weight",
            .position = "embeddings.position_embeddings.weight",
            .norm = "embeddings.LayerNorm",
            .layers = "transformer.layer",
            .query = "attention.q_lin",
            .key = "attention.k_lin",
            .value = "attention.v_lin",
            .output = "attention.out_lin",
            .attention_norm = "sa_layer_norm",
            .up = "ffn.lin1",
            .down = "ffn.lin2",
            .output_norm = "output_layer_norm",
            .dense = "pre_classifier",
            .sequence_out = "classifier",
            .token_out = "classifier",
        },
    [FAMILY_ROBERTA] =
        {
            .base = "roberta.",
            .word = "embeddings.word_embeddings.weight",
            .position = "embeddings.position_embeddings.weight",
            .type = "embeddings.token_type_embeddings.weight",
            .norm = "embeddings.LayerNorm",
            .layers = "encoder.layer",
            .query = "attention.self.query",
            .key = "attention.self.key",
            .value = "attention.self.value",
            .output = "attention.output.dense",
            .attention_norm = "attention.output.LayerNorm",
            .up = "intermediate.dense",
            .down = "output.dense",
            .output_norm = "output.LayerNorm",
            .dense = "classifier.dense",
            .sequence_out = "classifier.out_proj",
            .token_out = "classifier",
        },
};

static const tensor_names *names_of(const builder *b)
{
    return &families[b->config->architecture->family];
}

status build_name(builder *b, const char **out, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CHECK(n >= 0 && (size_t)n < sizeof text);
    *out = arena_text(b->a, text);
    return *out ? OK : error_memory(b->err);
}

static status get_tensor(builder *b, const tensor **out, const char *name, size_t rank,
                         const size_t *shape)
{
    TRY(weights_get(b->weights, name, rank, shape, out, b->err));
    b->m->n_parameters += (*out)->count;
    return OK;
}

status build_floats(builder *b, const float **out, const char *name, size_t rank,
                    const size_t *shape)
{
    const tensor *t;
    TRY(get_tensor(b, &t, name, rank, shape));
    float *x = arena_take(b->a, t->count, sizeof *x);
    if (!x) {
        return error_memory(b->err);
    }
    tensor_read(x, t, 0, t->count);
    *out = x;
    return OK;
}

/* base is the tensors' name without ".weight" and ".bias", slot the operation's in the model. */
static status build_linear(builder *b, linear *l, const char *slot, const char *base, size_t in,
                           size_t out)
{
    *l = (linear){.id = (uint32_t)b->m->n_linears++, .in = in, .out = out};
    TRY(build_name(b, &l->name, "%s", slot));
    if (b->shapes_only) {
        return OK;
    }
    char name[256];
    const size_t shape[] = {out, in};
    snprintf(name, sizeof name, "%s.weight", base);
    TRY(get_tensor(b, &l->weight, name, 2, shape));
    snprintf(name, sizeof name, "%s.bias", base);
    return build_floats(b, &l->bias, name, 1, shape);
}

static status note_source(builder *b, const char *slot, const char *gamma, const char *beta)
{
    norm_source *s = &b->m->store->norms[b->m->store->n_norms++];
    s->slot = slot;
    TRY(build_name(b, &s->gamma, "%s", gamma));
    return beta ? build_name(b, &s->beta, "%s", beta) : OK;
}

/* Checkpoints from TensorFlow call weight and bias of a norm gamma and beta. */
static status build_norm_vectors(builder *b, norm *n, const char *base, norm_form form)
{
    char gamma[256], beta[256];
    snprintf(gamma, sizeof gamma, "%s.weight", base);
    const bool old = !weights_find(b->weights, gamma);
    if (old) {
        snprintf(gamma, sizeof gamma, "%s.gamma", base);
        if (!weights_find(b->weights, gamma)) {
            snprintf(gamma, sizeof gamma, "%s.weight", base); /* the name for the error */
        }
    }
    TRY(build_floats(b, &n->gamma, gamma, 1, &n->dim));
    if (form != NORM_RMSNORM) {
        snprintf(beta, sizeof beta, "%s.%s", base, old ? "beta" : "bias");
        TRY(build_floats(b, &n->beta, beta, 1, &n->dim));
    }
    return note_source(b, n->name, gamma, n->beta ? beta : NULL);
}

static status build_norm(builder *b, norm *n, const char *slot, const char *base, norm_form form)
{
    const model_config *c = b->config;
    *n = (norm){.id = (uint32_t)b->m->n_ops++, .dim = c->dim, .eps = (float)c->eps};
    TRY(build_name(b, &n->name, "%s", slot));
    if (!b->shapes_only) {
        TRY(build_norm_vectors(b, n, base, form));
    }
    return build_norm_form(b, n, form);
}

static status build_embedding_tables(builder *b)
{
    const model_config *c = b->config;
    const tensor_names *f = names_of(b);
    embeddings *e = &b->m->embeddings;
    *e = (embeddings){.vocab = c->vocab,
                      .max_positions = c->max_positions,
                      .n_types = c->n_types,
                      .first_position = c->first_position};
    if (b->shapes_only) {
        return OK;
    }
    char name[256];
    snprintf(name, sizeof name, "%s%s", b->prefix, f->word);
    TRY(get_tensor(b, &e->word, name, 2, (const size_t[]){c->vocab, c->dim}));
    snprintf(name, sizeof name, "%s%s", b->prefix, f->position);
    TRY(get_tensor(b, &e->position, name, 2, (const size_t[]){c->max_positions, c->dim}));
    if (f->type) {
        snprintf(name, sizeof name, "%s%s", b->prefix, f->type);
        TRY(get_tensor(b, &e->type, name, 2, (const size_t[]){c->n_types, c->dim}));
    }
    return OK;
}

static status build_embeddings(builder *b)
{
    char name[256];
    TRY(build_embedding_tables(b));
    snprintf(name, sizeof name, "%s%s", b->prefix, names_of(b)->norm);
    return build_norm(b, &b->m->embeddings.norm, "embeddings.norm", name,
                      b->recipe->embedding_norm);
}

typedef struct {
    char slot[64], base[192];
} layer_names;

/* The names of one part of a layer. */
static layer_names part(const builder *b, size_t i, const char *slot, const char *base)
{
    layer_names n;
    snprintf(n.slot, sizeof n.slot, "layers.%zu.%s", i, slot);
    snprintf(n.base, sizeof n.base, "%s%s.%zu.%s", b->prefix, names_of(b)->layers, i, base);
    return n;
}

static status build_attention(builder *b, size_t i)
{
    const model_config *c = b->config;
    attention *a = &b->m->layers[i].attention;
    const size_t head_dim = c->dim / c->n_heads;
    *a = (attention){.id = (uint32_t)b->m->n_ops++,
                     .n_heads = c->n_heads,
                     .n_kv_heads = c->n_heads,
                     .head_dim = head_dim,
                     .scale = (float)(1 / sqrt((double)head_dim))};
    TRY(build_name(b, &a->name, "layers.%zu.attention", i));
    return build_attention_form(b, a);
}

static status build_layer(builder *b, size_t i)
{
    const tensor_names *f = names_of(b);
    const model_config *c = b->config;
    encoder_layer *l = &b->m->layers[i];

    layer_names n = part(b, i, "query", f->query);
    TRY(build_linear(b, &l->query, n.slot, n.base, c->dim, c->dim));
    n = part(b, i, "key", f->key);
    TRY(build_linear(b, &l->key, n.slot, n.base, c->dim, c->dim));
    n = part(b, i, "value", f->value);
    TRY(build_linear(b, &l->value, n.slot, n.base, c->dim, c->dim));
    TRY(build_attention(b, i));
    n = part(b, i, "output", f->output);
    TRY(build_linear(b, &l->output, n.slot, n.base, c->dim, c->dim));
    n = part(b, i, "attention_norm", f->attention_norm);
    TRY(build_norm(b, &l->attention_norm, n.slot, n.base, b->recipe->norm));

    n = part(b, i, "up", f->up);
    TRY(build_linear(b, &l->up, n.slot, n.base, c->dim, c->ff));
    l->activation = (activation){.id = (uint32_t)b->m->n_ops++};
    TRY(build_name(b, &l->activation.name, "layers.%zu.activation", i));
    TRY(build_activation_form(b, &l->activation, b->recipe->activation));
    n = part(b, i, "down", f->down);
    TRY(build_linear(b, &l->down, n.slot, n.base, c->ff, c->dim));
    n = part(b, i, "output_norm", f->output_norm);
    return build_norm(b, &l->output_norm, n.slot, n.base, b->recipe->norm);
}

/* What the configuration says of it. */
static void describe_head(builder *b)
{
    const model_config *c = b->config;
    head *h = &b->m->head;
    h->kind = c->architecture->head;
    h->pool = POOL_FIRST;
    if (h->kind == HEAD_EMBEDDING) {
        h->pool = c->pool;
        h->normalise = c->normalise;
        return;
    }
    h->problem = c->problem;
    h->n_labels = c->n_labels;
    h->labels = c->labels;
}

static status build_head(builder *b)
{
    const model_config *c = b->config;
    const tensor_names *f = names_of(b);
    head *h = &b->m->head;
    describe_head(b);
    if (h->kind == HEAD_EMBEDDING) {
        return OK;
    }
    if (h->kind == HEAD_TOKEN) {
        return build_linear(b, &h->out, "head.out", f->token_out, c->dim, c->n_labels);
    }
    char base[192];
    snprintf(base, sizeof base, "%s%s", f->dense_in_base ? b->prefix : "", f->dense);
    h->has_dense = true;
    TRY(build_linear(b, &h->dense, "head.dense", base, c->dim, c->dim));
    h->activation = (activation){.name = "head.activation", .id = (uint32_t)b->m->n_ops++};
    TRY(build_activation_form(b, &h->activation, b->recipe->pooler));
    return build_linear(b, &h->out, "head.out", f->sequence_out, c->dim, c->n_labels);
}

/* A checkpoint of the bare encoder has no prefix, one with a head has the family's. */
static void find_prefix(builder *b)
{
    const tensor_names *f = names_of(b);
    char name[256];
    snprintf(name, sizeof name, "%s%s", f->base, f->word);
    const bool prefixed = weights_find(b->weights, name);
    b->prefix = prefixed || !weights_find(b->weights, f->word) ? f->base : "";
}

status build_encoder(builder *b)
{
    model *m = b->m;
    const size_t n_norms = 2 * m->n_layers + 1;
    m->layers = arena_take(b->a, m->n_layers, sizeof *m->layers);
    m->store->norms = arena_take(b->a, n_norms, sizeof *m->store->norms);
    if (!m->layers || !m->store->norms) {
        return error_memory(b->err);
    }
    memset(m->layers, 0, m->n_layers * sizeof *m->layers);
    memset(m->store->norms, 0, n_norms * sizeof *m->store->norms);
    find_prefix(b);
    TRY(build_embeddings(b));
    for (size_t i = 0; i < m->n_layers; i++) {
        TRY(build_layer(b, i));
    }
    return build_head(b);
}

status build_tables(builder *b)
{
    b->m->n_layers = 0;
    find_prefix(b);
    describe_head(b);
    TRY(build_embedding_tables(b));
    b->m->embeddings.norm = (norm){.name = "embeddings.norm",
                                   .form = b->recipe->embedding_norm,
                                   .dim = b->config->dim,
                                   .eps = (float)b->config->eps};
    return OK;
}

status build_embeddings_alone(builder *b)
{
    model_store *s = b->m->store;
    b->m->n_layers = 0;
    s->norms = arena_take(b->a, 1, sizeof *s->norms);
    if (!s->norms) {
        return error_memory(b->err);
    }
    memset(s->norms, 0, sizeof *s->norms);
    find_prefix(b);
    describe_head(b);
    return build_embeddings(b);
}
