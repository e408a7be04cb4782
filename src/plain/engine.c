#include <string.h>

#include "base/mem.h"
#include "plain/state.h"

static status plain_input(engine *base, value **y, const embedded *x)
{
    plain_engine *e = (plain_engine *)base;
    *y = NULL;
    CHECK(x->x && x->seqs.start[x->seqs.n] == x->rows);
    for (size_t i = 0; i < x->seqs.n; i++) {
        if (x->seqs.start[i + 1] <= x->seqs.start[i]) {
            return error_set(base->err, ERR_USAGE, "sequence %zu of the batch has no tokens", i);
        }
    }
    if (!mem_reserve((void **)&e->starts, &e->starts_capacity, x->seqs.n + 1, sizeof *e->starts)) {
        return error_memory(base->err);
    }
    memcpy(e->starts, x->seqs.start, (x->seqs.n + 1) * sizeof *e->starts);
    e->seqs = (sequences){.n = x->seqs.n, .start = e->starts};
    value *v;
    TRY(plain_value_new(e, &v, x->rows, x->dim));
    memcpy(v->own, x->x, x->rows * x->dim * sizeof *v->own);
    *y = v;
    return OK;
}

static void mean_rows(float *y, const float *x, size_t rows, size_t columns)
{
    for (size_t j = 0; j < columns; j++) {
        double sum = 0;
        for (size_t i = 0; i < rows; i++) {
            sum += (double)x[i * columns + j];
        }
        y[j] = (float)(sum / (double)rows);
    }
}

static status plain_pool(engine *base, value **y, const value *x, pooling how)
{
    plain_engine *e = (plain_engine *)base;
    const sequences *s = &e->seqs;
    CHECK(x->rows == s->start[s->n]);
    TRY(plain_value_new(e, y, s->n, x->columns));
    for (size_t i = 0; i < s->n; i++) {
        float *to = (*y)->own + i * x->columns;
        const float *from = x->data + s->start[i] * x->columns;
        mean_rows(to, from, how == POOL_FIRST ? 1 : s->start[i + 1] - s->start[i], x->columns);
    }
    return OK;
}

static status plain_reveal(engine *e, float *out, const value *y)
{
    (void)e;
    memcpy(out, y->data, y->rows * y->columns * sizeof *out);
    return OK;
}

static void plain_free(engine *base)
{
    plain_engine *e = (plain_engine *)base;
    if (!e) {
        return;
    }
    plain_values_free(e);
    plain_packed_free(e);
    mem_free(e->starts);
    mem_free(e->operand.bytes);
    mem_free(e->workers.bytes);
    mem_free(e);
}

static const engine_ops plain_ops = {
    .name = "plain",
    .input = plain_input,
    .linear = plain_linear,
    .attend = plain_attend,
    .activate = plain_activate,
    .normalise = plain_normalise,
    .pool = plain_pool,
    .reveal = plain_reveal,
    .drop = plain_value_drop,
    .free = plain_free,
};

status plain_engine_new(engine **out, const model *m, pool *p, const plain_options *o, error *err)
{
    *out = NULL;
    plain_engine *e = mem_new(1, sizeof *e);
    if (!e) {
        return error_memory(err);
    }
    *e = (plain_engine){.base = {.ops = &plain_ops, .err = err},
                        .model = m,
                        .pool = p,
                        .precision = o->precision,
                        .ranges = o->ranges};
    plain_kernels_pick(&e->kernels, o->isa);
    const status st = plain_pack_model(e);
    if (st != OK) {
        plain_free(&e->base);
        return st;
    }
    *out = &e->base;
    return OK;
}

size_t plain_engine_bytes(const engine *e)
{
    return ((const plain_engine *)e)->bytes;
}
