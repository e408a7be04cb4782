#include "mpc/engine.h"

#include <string.h>

#include "base/mem.h"
#include "mpc/state.h"
#include "mpc/tables.h"

unsigned mpc_input_bits(const mpc_plan *p, const model *m)
{
    return p->oblivious ? MPC_TABLE_BITS : p->ops[m->embeddings.norm.id].norm.out_bits;
}

value *value_new(mpc_engine *e, wire *x, size_t rows, size_t columns)
{
    value *v = mem_new(1, sizeof *v);
    if (!v) {
        wire_drop(&e->p, x);
        error_memory(e->p.err);
        return NULL;
    }
    *v = (value){.x = x, .rows = rows, .columns = columns, .norm = MPC_NONE};
    return v;
}

status value_open(mpc_engine *e, value *v)
{
    if (v->x->width) {
        return OK;
    }
    const opening o = {.x = v->x, .width = v->width};
    return mpc_open(&e->p, &o, 1);
}

void mpc_settle(mpc *p, wire *x, unsigned frac, unsigned bits)
{
    mpc_truncate(p, x, x->frac - frac);
    mpc_narrow(p, x, bits);
}

static status input(engine *base, value **y, const embedded *x)
{
    mpc_engine *e = (mpc_engine *)base;
    *y = NULL;
    e->p.err = base->err;
    if (!mem_reserve((void **)&e->starts, &e->cap_starts, x->seqs.n + 1, sizeof *e->starts)) {
        return error_memory(base->err);
    }
    memcpy(e->starts, x->seqs.start, (x->seqs.n + 1) * sizeof *e->starts);
    e->seqs = (sequences){.n = x->seqs.n, .start = e->starts};
    wire *w;
    TRY(mpc_read_input(e, &w, x->rows));
    *y = value_new(e, w, x->rows, x->dim);
    return *y ? OK : ERR_RESOURCE;
}

static status linear_map(engine *base, value **y, const value *x, const linear *l)
{
    mpc_engine *e = (mpc_engine *)base;
    *y = NULL;
    wire *w;
    TRY(value_open(e, (value *)(uintptr_t)x)); /* a value is opened by the first who needs it */
    TRY(mpc_linear(&e->p, &w, x->x, &e->linears[l->id]));
    *y = value_new(e, w, x->rows, l->out);
    return *y ? OK : ERR_RESOURCE;
}

static status pool_rows(engine *base, value **y, const value *x, pooling how)
{
    mpc_engine *e = (mpc_engine *)base;
    *y = NULL;
    wire *w;
    TRY(mpc_pool_rows(&e->p, &w, x->x, &e->seqs, x->columns, how));
    *y = value_new(e, w, e->seqs.n, x->columns);
    if (!*y) {
        return ERR_RESOURCE;
    }
    (*y)->norm = x->norm;
    (*y)->width = w->bits;
    return OK;
}

/* The guard's bit behind the answer. */
static status append_guard(mpc_engine *e)
{
    mpc *p = &e->p;
    const wire *a = e->answer;
    wire *bit, *both;
    TRY(mpc_guard_answer(e, &bit));
    both = wire_new(p, a->n + 1, MPC_ANSWER_BITS, MPC_FRAC);
    if (both && mpc_has_shares(p)) {
        memcpy(both->share, a->share, a->n * sizeof *a->share);
        both->share[a->n] = bit->share[0];
    }
    wire_drop(p, bit);
    if (!both) {
        return ERR_RESOURCE;
    }
    wire_drop(p, e->answer);
    e->answer = both;
    return OK;
}

/* Of the numbers the labels alone. */
static status keep_labels(mpc_engine *e, size_t columns)
{
    wire *labels;
    TRY(mpc_row_labels(&e->p, &labels, e->answer, columns, MPC_ANSWER_BITS));
    wire_drop(&e->p, e->answer);
    e->answer = labels;
    return OK;
}

static status reveal(engine *base, float *out, const value *y)
{
    mpc_engine *e = (mpc_engine *)base;
    wire *w = NULL;
    (void)out;
    value *v = (value *)(uintptr_t)y; /* its last use */
    if (y->norm != MPC_NONE) {        /* an embedding */
        TRY(value_open(e, v));
        TRY(mpc_scale(&e->p, &w, y->x, &e->norms[y->norm]));
    } else {
        w = v->x;
        v->x = NULL;
    }
    mpc_settle(&e->p, w, MPC_FRAC, MPC_ANSWER_BITS);
    e->answer = w;
    TRY(e->asks.label ? keep_labels(e, y->columns) : OK);
    return e->asks.guard ? append_guard(e) : OK;
}

static void drop(engine *base, value *v)
{
    if (v) {
        wire_drop(&((mpc_engine *)base)->p, v->x);
        mem_free(v);
    }
}

static void engine_free(engine *base)
{
    mpc_engine *e = (mpc_engine *)base;
    if (e) {
        wire_drop(&e->p, e->answer);
        wire_drop(&e->p, e->outside);
        mpc_guard_drop(e);
        mem_free(e->guarded);
        mem_wipe(e->p.root, sizeof e->p.root);
        mem_free(e->starts);
        mem_free(e->own_linears);
        mem_free(e->own_norms);
        mem_free(e);
    }
}

static const engine_ops ops = {
    .name = "mpc",
    .input = input,
    .linear = linear_map,
    .attend = mpc_attend,
    .activate = mpc_activate,
    .normalise = mpc_normalise,
    .pool = pool_rows,
    .reveal = reveal,
    .drop = drop,
    .free = engine_free,
};

/* Weights without words, for a walk that only counts. */
static status shapes_only(mpc_engine *e)
{
    const model *m = e->model;
    e->own_linears = mem_new(m->n_linears, sizeof *e->own_linears);
    e->own_norms = mem_new(e->plan->n_ops, sizeof *e->own_norms);
    share_layout l;
    if (!e->own_linears || !e->own_norms) {
        return error_memory(e->p.err);
    }
    TRY(share_layout_new(&l, m, e->plan, e->p.err));
    const share_part *s = l.parts;
    for (size_t i = 0; i < m->n_linears; i++, s += 2) {
        e->own_linears[i] = (mpc_weight){
            .in = s->in, .out = s->out, .bits = s->bits, .frac = e->plan->linears[i].frac};
    }
    for (size_t i = 0; i < e->plan->n_ops; i++) {
        const mpc_op_plan *op = &e->plan->ops[i];
        if (op->kind == MPC_OP_NORM && op->norm.gamma_later) {
            e->own_norms[i] = (mpc_weight){
                .in = 1, .out = s->out, .bits = s->bits, .frac = MPC_GAMMA_FRAC, .by_column = true};
            s += 2;
        }
    }
    if (e->plan->oblivious) {
        e->tables = (mpc_weight){.in = s->in, .out = s->out, .bits = s->bits, .frac = MPC_FRAC};
    }
    share_layout_clear(&l);
    return OK;
}

static status check_asks(const mpc_setup *s, error *err)
{
    if (s->asks.label) {
        return mpc_label_check(s->model, err);
    }
    return s->plan->label_only
               ? error_set(err, ERR_POLICY,
                           "numbers were asked for: of this model labels are given alone")
               : OK;
}

status mpc_engine_new(engine **out, const mpc_setup *s, error *err)
{
    *out = NULL;
    TRY(check_asks(s, err));
    mpc_engine *e = mem_new(1, sizeof *e);
    if (!e) {
        return error_memory(err);
    }
    *e = (mpc_engine){.base = {.ops = &ops, .err = err},
                      .p = s->walk,
                      .model = s->model,
                      .plan = s->plan,
                      .weights = s->weights,
                      .asks = s->asks};
    e->p.err = err;
    if (s->weights) {
        e->linears = s->weights->linears;
        e->norms = s->weights->norms;
        e->tables = s->weights->tables;
    } else {
        const status st = shapes_only(e);
        if (st != OK) {
            engine_free(&e->base);
            return st;
        }
        e->linears = e->own_linears;
        e->norms = e->own_norms;
    }
    *out = &e->base;
    return OK;
}

const mpc *mpc_engine_walk(const engine *e)
{
    return &((const mpc_engine *)e)->p;
}

const uint64_t *mpc_engine_answer(const engine *base, size_t *n)
{
    const mpc_engine *e = (const mpc_engine *)base;
    *n = e->answer ? e->answer->n : 0;
    return e->answer ? e->answer->share : NULL;
}
