#include <string.h>

#include "api/runner.h"
#include "base/mem.h"
#include "nn/encoder.h"
#include "plain/plain.h"

typedef struct {
    runner base;
    const model *model;
    pool *pool;
    engine *engine;
} engine_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    engine_runner *r = (engine_runner *)base;
    error unread = {0};
    r->engine->err = err ? err : &unread;
    const status st = nn_encoder_forward(r->engine, out, r->model, x);
    r->engine->err = NULL;
    return st;
}

static void engine_runner_free(runner *base)
{
    engine_runner *r = (engine_runner *)base;
    r->engine->ops->free(r->engine);
    pool_free(r->pool);
    mem_free(r);
}

static const runner_ops ops = {.forward = forward, .free = engine_runner_free};

status runner_of_engine(runner **out, const model *m, pool *p, engine *e, error *err)
{
    *out = NULL;
    engine_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        e->ops->free(e);
        pool_free(p);
        return error_memory(err);
    }
    *r = (engine_runner){
        .base = {.ops = &ops, .threads = pool_size(p)}, .model = m, .pool = p, .engine = e};
    *out = &r->base;
    return OK;
}

status runner_plain_new(runner **out, const runner_setup *s, error *err)
{
    plain_options o = {.precision = PLAIN_F32};
    pool *p = NULL;
    engine *e = NULL;
    if (!s->model->layers) {
        return error_set(err, ERR_USAGE,
                         "%s is the owner's part of a protected model: it holds no "
                         "layers to run in the clear",
                         s->model->dir);
    }
    TRY(cpu_pick(&o.isa, err));
    if (s->precision && strcmp(s->precision, "bf16") == 0) {
        o.precision = PLAIN_BF16;
    } else if (s->precision && strcmp(s->precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': must be f32 or bf16", s->precision);
    }
    TRY(pool_new(&p, s->threads, err));
    const status st = plain_engine_new(&e, s->model, p, &o, err);
    if (st != OK) {
        pool_free(p);
        return st;
    }
    return runner_of_engine(out, s->model, p, e, err);
}
