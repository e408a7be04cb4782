#include "he/answer.h"

#include <string.h>

static double relu(double x)
{
    return x > 0 ? x : 0;
}

static double cube(double x)
{
    return relu(x) * relu(x) * relu(x);
}

/* recipes.md (5) */
static double reciprocal(const reciprocal_net *net, double x)
{
    double y = (double)net->b3[0];
    for (size_t i = 0; i < net->width; i++) {
        double h = (double)net->b2[i];
        for (size_t j = 0; j < net->width; j++) {
            h += (double)net->w2[i * net->width + j] *
                 relu((double)net->w1[j] * x + (double)net->b1[j]);
        }
        y += (double)net->w3[i] * relu(h);
    }
    return y;
}

/* Both parts of twice the slots. */
static void activate(double *re, double *im, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        re[i] = relu(2 * re[i]);
        im[i] = -relu(2 * im[i]);
    }
}

/* One query and head: place i is the key i tokens on, and half the tokens further in the imaginary
 * part. */
static void weigh(double *re, double *im, const he_shape *s, size_t query, size_t n,
                  const reciprocal_net *net)
{
    const size_t half = s->tokens / 2, places = he_span(s);
    double sum = 0;
    for (size_t i = 0; i < places; i++) {
        double *x = re + i * s->n_heads, *y = im + i * s->n_heads;
        *x = (query + i) % s->tokens < n ? cube(2 * *x) : 0;
        *y = (query + i + half) % s->tokens < n ? cube(2 * *y) : 0;
        sum += i < half ? *x + *y : 0;
    }
    const double factor = reciprocal(net, sum);
    for (size_t i = 0; i < places; i++) {
        re[i * s->n_heads] *= factor;
        im[i * s->n_heads] *= -factor;
    }
    for (size_t i = places; i < HE_COPIES * s->head_dim; i++) {
        re[i * s->n_heads] = im[i * s->n_heads] = 0;
    }
}

void he_answer_slots(double *re, double *im, const he_shape *s, size_t n, const he_answer *a)
{
    const size_t places = a->first ? 1 : n, used = places * s->width;
    if (a->kind == HE_CLIENT_RELU) {
        activate(re, im, used);
    }
    for (size_t t = 0; a->kind == HE_CLIENT_WEIGHTS && t < places; t++) {
        for (size_t h = 0; h < s->n_heads; h++) {
            weigh(re + t * s->width + h, im + t * s->width + h, s, t, n, &a->net);
        }
    }
    memset(re + used, 0, (s->tokens * s->width - used) * sizeof *re);
    memset(im + used, 0, (s->tokens * s->width - used) * sizeof *im);
}
