/** A small random encoder of the forms that run on ciphertexts, its hidden states, and what it
 * makes of them in the clear. */
#ifndef TACIT_TESTS_HE_SMALL_POLY_H
#define TACIT_TESTS_HE_SMALL_POLY_H

#include "base/mem.h"
#include "plain/small_model.h"

enum { SMALL_POLY_LABELS = 3 };

static const model_shape small_poly_shape = {.dim = 32,
                                             .n_layers = 1,
                                             .n_heads = 2,
                                             .ff = 64,
                                             .vocab = 60,
                                             .max_positions = 64,
                                             .n_labels = SMALL_POLY_LABELS};
static const float small_poly_sigma[] = {0.9F, 0.7F, 0.2F};
static const float small_poly_activation[] = {1.1F, 0.8F, 0.4F};

/* Whatever has to succeed. */
static inline void ok(status st, const error *err)
{
    if (st != OK) {
        fail_msg("%s", err->text);
    }
}

/* With ReLUs for a client: a reciprocal that is 1 - x / 40 below 40. */
static const float small_thex_net[] = {-1, 40, 1, 0, 0.025F, 0};

static inline void small_thex(small_model *s)
{
    const float *n = small_thex_net;
    for (size_t i = 0; i < s->m->n_layers; i++) {
        encoder_layer *l = &s->m->layers[i];
        l->attention.form = ATTENTION_THEX;
        l->attention.thex = (reciprocal_net){
            .width = 1, .w1 = n, .b1 = n + 1, .w2 = n + 2, .b2 = n + 3, .w3 = n + 4, .b3 = n + 5};
        l->activation.form = ACTIVATION_RELU;
        l->attention_norm.form = l->output_norm.form = NORM_AFFINE;
    }
}

static inline void small_poly_make(small_model *s, const model_shape *shape)
{
    small_model_init(s, shape);
    for (size_t i = 0; i < s->m->n_layers; i++) {
        encoder_layer *l = &s->m->layers[i];
        l->attention.form = ATTENTION_SCALED_SIGMA;
        l->attention.sigma = ACTIVATION_POLYNOMIAL;
        l->attention.sigma_poly = (polynomial){-3, 4, 2, small_poly_sigma};
        l->attention.length_power = 1;
        l->activation.form = ACTIVATION_POLYNOMIAL;
        l->activation.poly = (polynomial){-4, 3, 2, small_poly_activation};
        l->attention_norm.form = l->output_norm.form = NORM_BATCHNORM;
    }
    s->m->head.activation.form = ACTIVATION_NONE;
}

static inline void small_poly_init(small_model *s)
{
    small_poly_make(s, &small_poly_shape);
}

/* n rows, as behind the embeddings' norm; mem_free them. */
static inline float *small_poly_states(size_t n, uint64_t seed)
{
    float *x = mem_new(n * small_poly_shape.dim, sizeof *x);
    for (size_t i = 0; x && i < n * small_poly_shape.dim; i++) {
        x[i] = small_random(&seed);
    }
    return x;
}

#endif
