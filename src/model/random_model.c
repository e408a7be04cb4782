#include "model/random_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "model/store.h"

enum { N_TYPES = 2, NAME_BYTES = 64, SLACK = 1 << 16 };

typedef struct {
    model *m;
    arena *a;
    const model_shape *shape;
    float *numbers; /* n_numbers about N(0, 0.02²) */
    size_t n_numbers;
    uint64_t state;
} maker;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The sum of four uniform 16-bit numbers: mean 0, variance 1/3 before the scale. */
static void fill_numbers(maker *mk)
{
    const float scale = 0.02f * 1.7320508f / 65536;
    for (size_t i = 0; i < mk->n_numbers; i++) {
        const uint64_t r = next_random(&mk->state);
        int32_t sum = -2 * 65535;
        for (unsigned j = 0; j < 64; j += 16) {
            sum += (int32_t)(r >> j & 0xffff);
        }
        mk->numbers[i] = (float)sum * scale;
    }
}

static const float *window(maker *mk, size_t count)
{
    return mk->numbers + next_random(&mk->state) % (mk->n_numbers - count + 1);
}

static status make_name(maker *mk, const char **out, const char *fmt, ...)
{
    char *name = arena_take(mk->a, NAME_BYTES, 1);
    if (!name) {
        return ERR_RESOURCE;
    }
    va_list args;
    va_start(args, fmt);
    vsnprintf(name, NAME_BYTES, fmt, args);
    va_end(args);
    *out = name;
    return OK;
}

static status make_tensor(maker *mk, const tensor **out, const char *name, size_t rows,
                          size_t columns)
{
    tensor *t = arena_take(mk->a, 1, sizeof *t);
    if (!t) {
        return ERR_RESOURCE;
    }
    *t = (tensor){.name = name, .type = DTYPE_F32, .rank = 2, .count = rows * columns};
    t->shape[0] = rows;
    t->shape[1] = columns;
    t->data = window(mk, t->count);
    mk->m->n_parameters += t->count;
    *out = t;
    return OK;
}

static status make_linear(maker *mk, linear *w, const char *prefix, const char *name, size_t in,
                          size_t out)
{
    *w = (linear){.id = (uint32_t)mk->m->n_linears++, .in = in, .out = out};
    TRY(make_name(mk, &w->name, "%s.%s", prefix, name));
    w->bias = window(mk, out);
    mk->m->n_parameters += out;
    return make_tensor(mk, &w->weight, w->name, out, in);
}

static status make_norm(maker *mk, norm *n, const char *prefix, const char *name)
{
    const size_t dim = mk->shape->dim;
    float *gamma = arena_take(mk->a, dim, sizeof *gamma);
    if (!gamma) {
        return ERR_RESOURCE;
    }
    const float *numbers = window(mk, dim);
    for (size_t i = 0; i < dim; i++) {
        gamma[i] = 1 + numbers[i];
    }
    *n = (norm){.id = (uint32_t)mk->m->n_ops++, .form = NORM_LAYERNORM, .dim = dim, .eps = 1e-12f};
    n->gamma = gamma;
    n->beta = window(mk, dim);
    mk->m->n_parameters += 2 * dim;
    return make_name(mk, &n->name, "%s.%s", prefix, name);
}

static status make_activation(maker *mk, activation *f, const char *prefix, activation_form form)
{
    *f = (activation){.id = (uint32_t)mk->m->n_ops++, .form = form};
    return make_name(mk, &f->name, "%s.activation", prefix);
}

static status make_attention(maker *mk, attention *a, const char *prefix)
{
    const size_t head_dim = mk->shape->dim / mk->shape->n_heads;
    double root = 1; /* 1/√d by Newton's steps: the same bits everywhere, and no libm */
    for (int i = 0; i < 60; i++) {
        root = (root + (double)head_dim / root) / 2;
    }
    *a = (attention){.id = (uint32_t)mk->m->n_ops++,
                     .form = ATTENTION_SOFTMAX,
                     .n_heads = mk->shape->n_heads,
                     .n_kv_heads = mk->shape->n_heads,
                     .head_dim = head_dim,
                     .scale = (float)(1 / root),
                     .c = 5,
                     .length_power = 1};
    return make_name(mk, &a->name, "%s.attention", prefix);
}

static status make_layer(maker *mk, encoder_layer *l, size_t i)
{
    const size_t dim = mk->shape->dim, ff = mk->shape->ff;
    const char *prefix = NULL;
    TRY(make_name(mk, &prefix, "layers.%zu", i));
    TRY(make_linear(mk, &l->query, prefix, "query", dim, dim));
    TRY(make_linear(mk, &l->key, prefix, "key", dim, dim));
    TRY(make_linear(mk, &l->value, prefix, "value", dim, dim));
    TRY(make_attention(mk, &l->attention, prefix));
    TRY(make_linear(mk, &l->output, prefix, "output", dim, dim));
    TRY(make_norm(mk, &l->attention_norm, prefix, "attention_norm"));
    TRY(make_linear(mk, &l->up, prefix, "up", dim, ff));
    TRY(make_activation(mk, &l->activation, prefix, ACTIVATION_GELU));
    TRY(make_linear(mk, &l->down, prefix, "down", ff, dim));
    return make_norm(mk, &l->output_norm, prefix, "output_norm");
}

static status make_embeddings(maker *mk, embeddings *b)
{
    const model_shape *s = mk->shape;
    b->vocab = s->vocab;
    b->max_positions = s->max_positions;
    b->n_types = N_TYPES;
    TRY(make_tensor(mk, &b->word, "embeddings.word", s->vocab, s->dim));
    TRY(make_tensor(mk, &b->position, "embeddings.position", s->max_positions, s->dim));
    TRY(make_tensor(mk, &b->type, "embeddings.type", N_TYPES, s->dim));
    return make_norm(mk, &b->norm, "embeddings", "norm");
}

static status make_head(maker *mk, head *h)
{
    const model_shape *s = mk->shape;
    *h = (head){.kind = HEAD_SEQUENCE, .pool = POOL_FIRST, .has_dense = true};
    TRY(make_linear(mk, &h->dense, "head", "dense", s->dim, s->dim));
    TRY(make_activation(mk, &h->activation, "head", ACTIVATION_TANH));
    TRY(make_linear(mk, &h->out, "head", "out", s->dim, s->n_labels));
    h->problem = PROBLEM_SINGLE_LABEL;
    h->n_labels = s->n_labels;
    h->labels = arena_take(mk->a, s->n_labels, sizeof *h->labels);
    for (size_t i = 0; h->labels && i < s->n_labels; i++) {
        TRY(make_name(mk, &h->labels[i], "LABEL_%zu", i));
    }
    return h->labels ? OK : ERR_RESOURCE;
}

static status make_all(maker *mk)
{
    const model_shape *s = mk->shape;
    model *m = mk->m;
    m->dir = "random";
    m->family = "bert";
    m->architecture = "BertForSequenceClassification";
    m->dim = s->dim;
    m->n_layers = s->n_layers;
    m->n_heads = s->n_heads;
    m->ff = s->ff;
    m->max_tokens = s->max_positions;
    m->exact = (recipe){
        .name = "exact",
        .attention = {.form = ATTENTION_SOFTMAX,
                      .c = 5,
                      .length_power = 1,
                      .sigma = ACTIVATION_POLYNOMIAL,
                      .power = 2},
        .activation = ACTIVATION_GELU,
        .norm = NORM_LAYERNORM,
        .embedding_norm = NORM_LAYERNORM,
        .pooler = ACTIVATION_TANH,
    };
    m->recipe = m->exact;
    mk->numbers = arena_take(mk->a, mk->n_numbers, sizeof *mk->numbers);
    m->layers = arena_take(mk->a, s->n_layers, sizeof *m->layers);
    if (!mk->numbers || !m->layers) {
        return ERR_RESOURCE;
    }
    fill_numbers(mk);
    TRY(make_embeddings(mk, &m->embeddings));
    for (size_t i = 0; i < s->n_layers; i++) {
        TRY(make_layer(mk, &m->layers[i], i));
    }
    return make_head(mk, &m->head);
}

/* Room for the largest tensor, and for windows to differ. */
static bool count_numbers(size_t *out, const model_shape *s)
{
    const size_t rows[] = {s->vocab, s->max_positions, s->ff, s->dim, s->n_labels, N_TYPES};
    size_t most = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        most = rows[i] > most ? rows[i] : most;
    }
    return mem_mul(out, most, s->dim) && mem_add(out, *out, SLACK) && mem_add(out, *out, s->ff);
}

static status check_shape(const model_shape *s, error *err)
{
    if (s->dim == 0 || s->n_layers == 0 || s->ff == 0 || s->vocab == 0 || s->max_positions == 0 ||
        s->n_labels == 0) {
        return error_set(err, ERR_USAGE, "shape of a model: no size may be 0");
    }
    if (s->n_heads == 0 || s->dim % s->n_heads != 0) {
        return error_set(err, ERR_USAGE, "shape of a model: %zu heads do not divide dim %zu",
                         s->n_heads, s->dim);
    }
    return OK;
}

status model_random(model **out, const model_shape *s, uint64_t seed, error *err)
{
    *out = NULL;
    TRY(check_shape(s, err));
    maker mk = {.shape = s, .state = seed, .m = mem_new(1, sizeof(model)), .a = arena_new()};
    model_store *store = mem_new(1, sizeof *store);
    if (!mk.m || !mk.a || !store) {
        mem_free(mk.m);
        mem_free(store);
        arena_free(mk.a);
        return error_memory(err);
    }
    store->arena = mk.a;
    mk.m->store = store;
    if (!count_numbers(&mk.n_numbers, s) || make_all(&mk) != OK) {
        model_free(mk.m);
        return error_memory(err);
    }
    *out = mk.m;
    return OK;
}

const model_shape *model_shape_find(const char *name)
{
    static const struct {
        const char *name;
        model_shape shape;
    } known[] = {
        {"bert-base", {768, 12, 12, 3072, 30522, 512, 2}},
        {"bert-large", {1024, 24, 16, 4096, 30522, 512, 2}},
        {"bert-tiny", {128, 2, 2, 512, 30522, 512, 2}},
        {"minilm-l6", {384, 6, 12, 1536, 30522, 512, 2}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0) {
            return &known[i].shape;
        }
    }
    return NULL;
}
