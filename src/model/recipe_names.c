#include <string.h>

#include "model/recipe.h"

static const char *const attention_names[] = {
    [ATTENTION_SOFTMAX] = "softmax",
    [ATTENTION_2QUAD] = "2quad",
    [ATTENTION_SOFTMAX_FREEDIV] = "softmax-freediv",
    [ATTENTION_2QUAD_FREEDIV] = "2quad-freediv",
    [ATTENTION_THEX] = "thex",
    [ATTENTION_SCALED_SIGMA] = "scaled-sigma",
    [ATTENTION_POWER] = "power",
};

static const char *const activation_names[] = {
    [ACTIVATION_NONE] = "none",           [ACTIVATION_GELU] = "gelu",
    [ACTIVATION_GELU_TANH] = "gelu-tanh", [ACTIVATION_SILU] = "silu",
    [ACTIVATION_RELU] = "relu",           [ACTIVATION_TANH] = "tanh",
    [ACTIVATION_QUAD] = "quad",           [ACTIVATION_POLYNOMIAL] = "polynomial",
};

static const char *const norm_names[] = {
    [NORM_LAYERNORM] = "layernorm",
    [NORM_RMSNORM] = "rmsnorm",
    [NORM_AFFINE] = "affine",
    [NORM_BATCHNORM] = "batchnorm",
    [NORM_LAYERNORM_POLYNOMIAL] = "layernorm-polynomial",
};

const char *attention_form_name(attention_form f)
{
    return attention_names[f];
}

const char *activation_form_name(activation_form f)
{
    return activation_names[f];
}

const char *norm_form_name(norm_form f)
{
    return norm_names[f];
}

static bool find(size_t *out, const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool attention_form_find(attention_form *out, const char *name)
{
    size_t i;
    const bool found =
        find(&i, attention_names, sizeof attention_names / sizeof *attention_names, name);
    *out = found ? (attention_form)i : ATTENTION_SOFTMAX;
    return found;
}

bool activation_form_find(activation_form *out, const char *name)
{
    size_t i;
    const bool found =
        find(&i, activation_names, sizeof activation_names / sizeof *activation_names, name);
    *out = found ? (activation_form)i : ACTIVATION_NONE;
    return found;
}

bool norm_form_find(norm_form *out, const char *name)
{
    size_t i;
    const bool found = find(&i, norm_names, sizeof norm_names / sizeof *norm_names, name);
    *out = found ? (norm_form)i : NORM_LAYERNORM;
    return found;
}

enum { AS_FAMILY = -1 };

typedef struct {
    const char *name;
    attention_form attention;
    int activation, pooler; /* a form, or AS_FAMILY */
    norm_form norm;
} named_recipe;

static const named_recipe recipes[] = {
    {"exact", ATTENTION_SOFTMAX, AS_FAMILY, AS_FAMILY, NORM_LAYERNORM},
    {"custom", ATTENTION_SOFTMAX, AS_FAMILY, AS_FAMILY, NORM_LAYERNORM},
    {"mpcformer", ATTENTION_2QUAD, ACTIVATION_QUAD, AS_FAMILY, NORM_LAYERNORM},
    {"secformer", ATTENTION_2QUAD, ACTIVATION_GELU, AS_FAMILY, NORM_LAYERNORM},
    {"freediv", ATTENTION_SOFTMAX_FREEDIV, ACTIVATION_QUAD, AS_FAMILY, NORM_LAYERNORM},
    {"freediv-2quad", ATTENTION_2QUAD_FREEDIV, ACTIVATION_QUAD, AS_FAMILY, NORM_LAYERNORM},
    {"thex", ATTENTION_THEX, ACTIVATION_RELU, ACTIVATION_NONE, NORM_AFFINE},
    {"poly", ATTENTION_SCALED_SIGMA, ACTIVATION_POLYNOMIAL, ACTIVATION_NONE, NORM_BATCHNORM},
};

static const named_recipe *find_recipe(const char *name)
{
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        if (strcmp(recipes[i].name, name) == 0) {
            return &recipes[i];
        }
    }
    return NULL;
}

recipe recipe_exact(const model_config *c)
{
    return (recipe){
        .name = "exact",
        .attention = {.form = ATTENTION_SOFTMAX,
                      .c = 5,
                      .length_power = 1,
                      .sigma = ACTIVATION_POLYNOMIAL,
                      .power = 2},
        .activation = c->activation,
        .norm = NORM_LAYERNORM,
        .embedding_norm = NORM_LAYERNORM, /* the data owner can compute it */
        .pooler = c->architecture->family == FAMILY_DISTILBERT ? ACTIVATION_RELU : ACTIVATION_TANH,
    };
}

bool recipe_named(recipe *out, const char *name, const recipe *exact)
{
    const named_recipe *r = find_recipe(name);
    if (!r) {
        return false;
    }
    *out = *exact;
    out->name = r->name;
    out->attention.form = r->attention;
    out->norm = r->norm;
    if (r->activation != AS_FAMILY) {
        out->activation = (activation_form)r->activation;
    }
    if (r->pooler != AS_FAMILY) {
        out->pooler = (activation_form)r->pooler;
    }
    return true;
}

const char *recipe_names(void)
{
    return "exact, mpcformer, secformer, freediv, freediv-2quad, thex, poly and custom";
}
