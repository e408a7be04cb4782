#include <math.h>

#include "api/calibrate.h"
#include "base/mem.h"

typedef struct {
    engine base;
    engine *inner;
    calibration *c;
    sequences seqs;
    float *x, *y; /* what reveal gave last */
    size_t cap_x, cap_y;
} watcher;

/* v as floats in *buffer, which grows; rows × columns of them. */
static status look(watcher *w, float **buffer, size_t *cap, const value *v, size_t columns)
{
    size_t n;
    if (!mem_mul(&n, w->seqs.start[w->seqs.n], columns) ||
        !mem_reserve((void **)buffer, cap, n, sizeof **buffer)) {
        return error_memory(w->base.err);
    }
    return w->inner->ops->reveal(w->inner, *buffer, v);
}

/* The scores of one query and one head over n keys. */
static status see_scores(watcher *w, attention_stats *st, size_t h, const double *s, size_t n)
{
    const calibration *c = w->c;
    const double per_length = pow((double)n, c->length_power);
    double max = -INFINITY, quad = 0, cube = 0, exps = 0;
    for (size_t j = 0; j < n; j++) {
        const double half = s[j] / 2 + 1;
        max = fmax(max, s[j]);
        st->lo = fmin(st->lo, s[j]);
        quad += (s[j] + c->c) * (s[j] + c->c);
        cube += half > 0 ? half * half * half : 0;
    }
    for (size_t j = 0; j < n; j++) {
        exps += exp(s[j] - max);
    }
    st->hi = fmax(st->hi, max);
    st->max[h] = fmax(st->max[h], max);
    st->cube_lo = cube > 0 ? fmin(st->cube_lo, cube) : st->cube_lo;
    st->cube_hi = fmax(st->cube_hi, cube);
    if (samples_add(&st->log_sum[h], max + log(exps) - log(per_length)) != OK ||
        samples_add(&st->quad_sum[h], quad / per_length) != OK) {
        return error_memory(w->base.err);
    }
    return OK;
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)a[i] * b[i];
    }
    return sum;
}

/* All queries of one head of the sequence in rows begin .. begin + n - 1; s is scratch of n. */
static status see_head(watcher *w, const attention *a, size_t h, size_t begin, size_t n, double *s)
{
    const size_t d = a->head_dim, columns = a->n_heads * d;
    for (size_t i = 0; i < n; i++) {
        const size_t visible = a->causal ? i + 1 : n;
        const float *q = w->x + (begin + i) * columns + h * d;
        for (size_t j = 0; j < visible; j++) {
            s[j] = a->scale * dot(q, w->y + (begin + j) * columns + h * d, d);
        }
        TRY(see_scores(w, &w->c->attentions[a->id], h, s, visible));
    }
    return OK;
}

static status see_attention(watcher *w, const value *q, const value *k, const attention *a)
{
    const size_t columns = a->n_heads * a->head_dim, rows = w->seqs.start[w->seqs.n];
    CHECK(a->n_kv_heads == a->n_heads && a->n_heads == w->c->n_heads);
    TRY(look(w, &w->x, &w->cap_x, q, columns));
    TRY(look(w, &w->y, &w->cap_y, k, columns));
    double *s = mem_new(rows, sizeof *s);
    status st = s ? OK : error_memory(w->base.err);
    for (size_t i = 0; st == OK && i < w->seqs.n; i++) {
        const size_t begin = w->seqs.start[i];
        for (size_t h = 0; st == OK && h < a->n_heads; h++) {
            st = see_head(w, a, h, begin, w->seqs.start[i + 1] - begin, s);
        }
    }
    mem_free(s);
    return st;
}

static status see_norm(watcher *w, const value *x, const value *residual, const norm *n)
{
    norm_stats *st = &w->c->norms[n->id];
    TRY(look(w, &w->x, &w->cap_x, x, n->dim));
    if (residual) {
        TRY(look(w, &w->y, &w->cap_y, residual, n->dim));
    }
    for (size_t i = 0; i < w->seqs.start[w->seqs.n]; i++) {
        double sum = 0, squares = 0;
        for (size_t j = 0; j < n->dim; j++) {
            const size_t at = i * n->dim + j;
            const double v = (double)w->x[at] + (residual ? (double)w->y[at] : 0);
            sum += v;
            squares += v * v;
        }
        const double mean = sum / (double)n->dim;
        const double variance = fmax(0, squares / (double)n->dim - mean * mean);
        st->sum_mean += mean;
        st->sum_deviation += sqrt(variance + n->eps);
        st->rows++;
    }
    return OK;
}

static status watch_input(engine *e, value **y, const embedded *x)
{
    watcher *w = (watcher *)e;
    w->inner->err = e->err;
    w->seqs = x->seqs;
    return w->inner->ops->input(w->inner, y, x);
}

static status watch_linear(engine *e, value **y, const value *x, const linear *l)
{
    engine *inner = ((watcher *)e)->inner;
    return inner->ops->linear(inner, y, x, l);
}

static status watch_attend(engine *e, value **y, const value *q, const value *k, const value *v,
                           const attention *a)
{
    watcher *w = (watcher *)e;
    TRY(see_attention(w, q, k, a));
    return w->inner->ops->attend(w->inner, y, q, k, v, a);
}

static status watch_activate(engine *e, value **y, const value *x, const activation *f)
{
    engine *inner = ((watcher *)e)->inner;
    return inner->ops->activate(inner, y, x, f);
}

static status watch_normalise(engine *e, value **y, const value *x, const value *residual,
                              const norm *n)
{
    watcher *w = (watcher *)e;
    TRY(see_norm(w, x, residual, n));
    return w->inner->ops->normalise(w->inner, y, x, residual, n);
}

static status watch_pool(engine *e, value **y, const value *x, pooling how)
{
    engine *inner = ((watcher *)e)->inner;
    return inner->ops->pool(inner, y, x, how);
}

static status watch_reveal(engine *e, float *out, const value *y)
{
    engine *inner = ((watcher *)e)->inner;
    return inner->ops->reveal(inner, out, y);
}

static void watch_drop(engine *e, value *v)
{
    engine *inner = ((watcher *)e)->inner;
    inner->ops->drop(inner, v);
}

static void watch_free(engine *e)
{
    watcher *w = (watcher *)e;
    w->inner->ops->free(w->inner);
    mem_free(w->x);
    mem_free(w->y);
    mem_free(w);
}

static const engine_ops ops = {
    .name = "calibration",
    .input = watch_input,
    .linear = watch_linear,
    .attend = watch_attend,
    .activate = watch_activate,
    .normalise = watch_normalise,
    .pool = watch_pool,
    .reveal = watch_reveal,
    .drop = watch_drop,
    .free = watch_free,
};

status calibration_engine_new(engine **out, engine *inner, calibration *c, error *err)
{
    *out = NULL;
    watcher *w = mem_new(1, sizeof *w);
    if (!w) {
        inner->ops->free(inner);
        return error_memory(err);
    }
    *w = (watcher){.base = {.ops = &ops}, .inner = inner, .c = c};
    *out = &w->base;
    return OK;
}
