#include "he/record.h"

#include "base/mem.h"
#include "nn/encoder.h"

/* Grows register tables with the steps. */
static bool room(he_program *p)
{
    const size_t n = p->n_registers + 1;
    size_t cap = p->cap_registers;
    return mem_reserve((void **)&p->depth, &p->cap_registers, n, sizeof *p->depth) &&
           mem_reserve((void **)&p->last_use, &cap, n, sizeof *p->last_use) &&
           mem_reserve((void **)&p->step, &p->cap, p->n + 1, sizeof *p->step);
}

static bool has_second(he_op op)
{
    return op == HE_PRODUCTS || op == HE_RESIDUAL;
}

he_step *he_add_step(he_recorder *r, size_t *z, const he_step *step, size_t levels)
{
    he_program *p = r->p;
    if (!room(p)) {
        error_memory(r->base.err);
        return NULL;
    }
    he_step *s = &p->step[p->n];
    *s = *step;
    const size_t x = p->depth[s->x], y = has_second(s->op) ? p->depth[s->y] : 0;
    s->depth = s->op == HE_SCALE || s->op == HE_CLIENT ? step->depth : (x > y ? x : y) + levels;
    s->layer = r->layer;
    s->z = *z = p->n_registers++;
    p->depth[s->z] = s->depth;
    p->last_use[s->z] = p->n;
    p->last_use[s->x] = p->n;
    if (has_second(s->op)) {
        p->last_use[s->y] = p->n;
    }
    p->max_depth = s->depth > p->max_depth ? s->depth : p->max_depth;
    p->n_rounds += s->op == HE_CLIENT;
    p->n++;
    return s;
}

/* ---- Operations of nn/engine.h */

static status value_make(engine *e, value **y, const value *v)
{
    *y = mem_new(1, sizeof **y);
    if (!*y) {
        return error_memory(e->err);
    }
    **y = *v;
    return OK;
}

static status finish(engine *e, value **y, const value *v, status st)
{
    *y = NULL;
    return st == OK ? value_make(e, y, v) : st;
}

static status input(engine *e, value **y, const embedded *x)
{
    (void)x;
    return value_make(e, y, &(value){.kind = HE_STATES});
}

static status linear_map(engine *e, value **y, const value *x, const linear *w)
{
    value v = *x;
    *y = NULL;
    if (v.n_linear == 2) {
        return error_set(e->err, ERR_POLICY, "%s: a third linear map in a row", w->name);
    }
    v.linear[v.n_linear++] = w;
    return value_make(e, y, &v);
}

static status attend(engine *e, value **y, const value *q, const value *k, const value *v,
                     const attention *a)
{
    value c = {.kind = HE_CONTEXT};
    return finish(e, y, &c, he_record_attention((he_recorder *)e, &c, q, k, v, a));
}

static status activate(engine *e, value **y, const value *x, const activation *f)
{
    value h = *x;
    if (f->form == ACTIVATION_NONE) {
        return value_make(e, y, x);
    }
    return finish(e, y, &h, he_record_up((he_recorder *)e, &h, x, f));
}

static status normalise(engine *e, value **y, const value *x, const value *residual, const norm *n)
{
    he_recorder *r = (he_recorder *)e;
    value v = *x;
    if (!residual) { /* of the embeddings: the client's, before it encrypts */
        return value_make(e, y, x);
    }
    const bool ends_layer = x->kind == HE_HIDDEN;
    const status st = he_record_norm(r, &v, x, residual, n);
    r->layer += ends_layer;
    return finish(e, y, &v, st);
}

/* What comes before is computed for all tokens; masks keep the first. */
static status pool_rows(engine *e, value **y, const value *x, pooling how)
{
    he_program *p = ((he_recorder *)e)->p;
    value v = *x;
    v.first = how == POOL_FIRST;
    v.mean = how == POOL_MEAN;
    for (size_t i = 0; v.first && x->kind == HE_CONTEXT && i < 3; i++) {
        p->step[x->masks[i]].valid = HE_FIRST;
    }
    return value_make(e, y, &v);
}

static status reveal(engine *e, float *out, const value *y)
{
    (void)out;
    return he_record_head((he_recorder *)e, y);
}

static void drop(engine *e, value *v)
{
    (void)e;
    mem_free(v);
}

static void no_free(engine *e)
{
    (void)e;
}

static const engine_ops ops = {.name = "he recorder",
                               .input = input,
                               .linear = linear_map,
                               .attend = attend,
                               .activate = activate,
                               .normalise = normalise,
                               .pool = pool_rows,
                               .reveal = reveal,
                               .drop = drop,
                               .free = no_free};

static status check_model(const model *m, error *err)
{
    if (m->n_layers < 1 || !m->layers) {
        return error_set(err, ERR_POLICY, "%s: holds no layers to run on ciphertexts", m->dir);
    }
    if (m->head.kind != HEAD_SEQUENCE) {
        return error_set(err, ERR_POLICY,
                         "%s: on ciphertexts a model must classify whole sequences", m->dir);
    }
    return OK;
}

status he_record(he_program **out, const model *m, size_t places, error *err)
{
    *out = NULL;
    TRY(check_model(m, err));
    he_program *p = mem_new(1, sizeof *p);
    if (!p) {
        return error_memory(err);
    }
    p->model = m;
    p->n_registers = 1; /* the input */
    he_recorder r = {.base = {.ops = &ops, .err = err}, .p = p};
    const size_t start[2] = {0, places};
    const embedded x = {.rows = places, .dim = m->dim, .seqs = {1, start}};
    status st = he_shape_of(&p->shape, m, places, err);
    if (st == OK && !room(p)) {
        st = error_memory(err);
    }
    if (st == OK) {
        p->depth[0] = p->last_use[0] = 0;
        st = nn_encoder_forward(&r.base, NULL, m, &x);
    }
    if (st != OK) {
        he_program_free(p);
        return st;
    }
    *out = p;
    return OK;
}
