#include "nn/encoder.h"

#include "base/mem.h"

/* Give back *v and take w in its place. */
static void replace(engine *e, value **v, value *w)
{
    e->ops->drop(e, *v);
    *v = w;
}

/* context = attention(x·Wq, x·Wk, x·Wv) */
static status self_attention(engine *e, value **context, const value *x, const encoder_layer *l)
{
    value *q = NULL, *k = NULL, *v = NULL;
    status st = e->ops->linear(e, &q, x, &l->query);
    if (st == OK) {
        st = e->ops->linear(e, &k, x, &l->key);
    }
    if (st == OK) {
        st = e->ops->linear(e, &v, x, &l->value);
    }
    if (st == OK) {
        st = e->ops->attend(e, context, q, k, v, &l->attention);
    }
    e->ops->drop(e, q);
    e->ops->drop(e, k);
    e->ops->drop(e, v);
    return st;
}

/* h = activation(x·W1)·W2 */
static status feed_forward(engine *e, value **h, const value *x, const encoder_layer *l)
{
    value *z = NULL, *g = NULL;
    status st = e->ops->linear(e, &z, x, &l->up);
    if (st == OK) {
        st = e->ops->activate(e, &g, z, &l->activation);
    }
    e->ops->drop(e, z);
    if (st == OK) {
        st = e->ops->linear(e, h, g, &l->down);
    }
    e->ops->drop(e, g);
    return st;
}

static status keep_first_rows(engine *e, value **v)
{
    value *first = NULL;
    TRY(e->ops->pool(e, &first, *v, POOL_FIRST));
    replace(e, v, first);
    return OK;
}

/* x <- norm(x + attention(x)·Wo);  x <- norm(x + feed_forward(x)). With first_rows, of the first
 * row of each sequence alone: behind the attention no row needs another. */
static status layer(engine *e, value **x, const encoder_layer *l, bool first_rows)
{
    value *context = NULL, *h = NULL, *y = NULL;
    status st = self_attention(e, &context, *x, l);
    if (st == OK && first_rows) {
        st = keep_first_rows(e, &context);
    }
    if (st == OK && first_rows) {
        st = keep_first_rows(e, x);
    }
    if (st == OK) {
        st = e->ops->linear(e, &h, context, &l->output);
    }
    e->ops->drop(e, context);
    if (st == OK) {
        st = e->ops->normalise(e, &y, h, *x, &l->attention_norm);
    }
    e->ops->drop(e, h);
    TRY(st);
    replace(e, x, y);

    h = NULL;
    y = NULL;
    st = feed_forward(e, &h, *x, l);
    if (st == OK) {
        st = e->ops->normalise(e, &y, h, *x, &l->output_norm);
    }
    e->ops->drop(e, h);
    TRY(st);
    replace(e, x, y);
    return OK;
}

/* x <- what the head makes of the last hidden states; `pooled` where they are first rows already */
static status head_forward(engine *e, value **x, const head *h, bool pooled)
{
    value *y = NULL;
    if (h->kind != HEAD_TOKEN && !pooled) {
        TRY(e->ops->pool(e, &y, *x, h->pool));
        replace(e, x, y);
    }
    if (h->has_dense) {
        TRY(e->ops->linear(e, &y, *x, &h->dense));
        replace(e, x, y);
        TRY(e->ops->activate(e, &y, *x, &h->activation));
        replace(e, x, y);
    }
    if (h->kind != HEAD_EMBEDDING) {
        TRY(e->ops->linear(e, &y, *x, &h->out));
        replace(e, x, y);
    }
    return OK;
}

status nn_encoder_forward(engine *e, float *out, const model *m, const embedded *input)
{
    value *x = NULL, *y = NULL;
    TRY(e->ops->input(e, &x, input));
    status st = e->ops->normalise(e, &y, x, NULL, &m->embeddings.norm);
    replace(e, &x, y);
    const bool first_rows =
        m->n_layers > 0 && m->head.kind != HEAD_TOKEN && m->head.pool == POOL_FIRST;
    for (size_t i = 0; st == OK && i < m->n_layers; i++) {
        st = layer(e, &x, &m->layers[i], first_rows && i + 1 == m->n_layers);
    }
    if (st == OK) {
        st = head_forward(e, &x, &m->head, first_rows);
    }
    if (st == OK) {
        st = e->ops->reveal(e, out, x);
    }
    e->ops->drop(e, x);
    return st;
}

size_t nn_encoder_rows(const model *m, const sequences *s)
{
    return m->head.kind == HEAD_TOKEN ? s->start[s->n] : s->n;
}

size_t nn_encoder_columns(const model *m)
{
    return m->head.kind == HEAD_EMBEDDING ? m->dim : m->head.n_labels;
}
