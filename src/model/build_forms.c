#include "model/build.h"

#include <math.h>
#include <stdio.h>

enum { NAME_BYTES = 160, MAX_DEGREE = 255, MAX_NET_WIDTH = 4096 };

static void tensor_name(char *out, const char *slot, const char *what)
{
    snprintf(out, NAME_BYTES, "tacit.%.100s.%s", slot, what);
}

/* The length of a rank-1 tensor, which decides how long others must be. */
static status vector_length(builder *b, size_t *n, const char *name, size_t hi)
{
    const stored_tensor *t = weights_find(b->weights, name);
    *n = t && t->view.rank == 1 ? t->view.shape[0] : 1;
    if (*n < 1 || *n > hi) {
        return error_set(b->err, ERR_ARTEFACT, "%s: tensor '%s' has %zu elements, must be 1 to %zu",
                         weights_path(b->weights, name), name, *n, hi);
    }
    return OK;
}

static status build_polynomial(builder *b, polynomial *p, const char *slot, bool has_interval)
{
    char name[NAME_BYTES];
    size_t n;
    tensor_name(name, slot, "coefficients");
    TRY(vector_length(b, &n, name, MAX_DEGREE + 1));
    TRY(build_floats(b, &p->coef, name, 1, &n));
    p->degree = n - 1;
    if (has_interval) {
        return OK;
    }
    const float *interval;
    tensor_name(name, slot, "interval");
    TRY(build_floats(b, &interval, name, 1, (const size_t[]){2}));
    p->lo = (double)interval[0];
    p->hi = (double)interval[1];
    if (p->lo >= p->hi) {
        return error_set(b->err, ERR_ARTEFACT, "%s: tensor '%s': lo %g must be below hi %g",
                         weights_path(b->weights, name), name, p->lo, p->hi);
    }
    return OK;
}

/* A vector of one number a head; NULL where the file has none. */
static status build_per_head(builder *b, const float **out, const attention *a, const char *what)
{
    char name[NAME_BYTES];
    tensor_name(name, a->name, what);
    *out = NULL;
    return weights_find(b->weights, name) ? build_floats(b, out, name, 1, &a->n_heads) : OK;
}

static status build_kappa(builder *b, attention *a)
{
    TRY(build_per_head(b, &a->kappa, a, "kappa"));
    for (size_t i = 0; a->kappa && i < a->n_heads; i++) {
        if (!(a->kappa[i] > 0)) {
            char name[NAME_BYTES];
            tensor_name(name, a->name, "kappa");
            return error_set(b->err, ERR_ARTEFACT,
                             "%s: tensor '%s': element %zu is %g, must be above 0",
                             weights_path(b->weights, name), name, i, (double)a->kappa[i]);
        }
    }
    return OK;
}

static status build_reciprocal_net(builder *b, reciprocal_net *t, const char *slot)
{
    char name[NAME_BYTES];
    tensor_name(name, slot, "b1");
    TRY(vector_length(b, &t->width, name, MAX_NET_WIDTH));
    const size_t w = t->width;
    const struct {
        const char *what;
        const float **out;
        size_t rank, shape[2];
    } parts[] = {
        {"w1", &t->w1, 2, {w, 1}}, {"b1", &t->b1, 1, {w}},    {"w2", &t->w2, 2, {w, w}},
        {"b2", &t->b2, 1, {w}},    {"w3", &t->w3, 2, {1, w}}, {"b3", &t->b3, 1, {1}},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        tensor_name(name, slot, parts[i].what);
        TRY(build_floats(b, parts[i].out, name, parts[i].rank, parts[i].shape));
    }
    return OK;
}

status build_attention_form(builder *b, attention *a)
{
    const attention_choice *r = &b->recipe->attention;
    a->form = r->form;
    a->c = (float)r->c;
    a->length_power = (float)r->length_power;
    a->thex_literal = r->literal;
    a->power = (unsigned)r->power;
    switch (a->form) {
    case ATTENTION_SOFTMAX_FREEDIV:
        TRY(build_per_head(b, &a->shift, a, "shift"));
        return build_kappa(b, a);
    case ATTENTION_2QUAD_FREEDIV:
        return build_kappa(b, a);
    case ATTENTION_THEX:
        return build_reciprocal_net(b, &a->thex, a->name);
    case ATTENTION_SCALED_SIGMA:
        a->sigma = r->sigma;
        a->sigma_poly.lo = r->lo;
        a->sigma_poly.hi = r->hi;
        return a->sigma == ACTIVATION_POLYNOMIAL
                   ? build_polynomial(b, &a->sigma_poly, a->name, r->has_interval)
                   : OK;
    case ATTENTION_SOFTMAX:
    case ATTENTION_2QUAD:
    case ATTENTION_POWER:
        break;
    }
    return OK;
}

status build_activation_form(builder *b, activation *f, activation_form form)
{
    f->form = form;
    return form == ACTIVATION_POLYNOMIAL ? build_polynomial(b, &f->poly, f->name, false) : OK;
}

status build_norm_form(builder *b, norm *n, norm_form form)
{
    n->form = form;
    return form == NORM_LAYERNORM_POLYNOMIAL ? build_polynomial(b, &n->poly, n->name, false) : OK;
}
