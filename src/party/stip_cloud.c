#include "party/stip_cloud.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/mem.h"
#include "nn/encoder.h"
#include "party/stip_terms.h"
#include "party/stip_wire.h"
#include "plain/plain.h"
#include "stip/key.h"
#include "stip/protect.h"

struct stip_cloud {
    model *model;
    uint8_t hash[HASH_BYTES];
    pool *pool;
    engine *engine;
    pthread_mutex_t turn; /* of the engine: one run at a time */
};

static status open_cloud(stip_cloud *c, const char *dir, size_t threads, error *err)
{
    bool protected_model;
    plain_options o = {.precision = PLAIN_F32};
    TRY(stip_is_protected(&protected_model, dir, err));
    if (!protected_model) {
        return error_set(err, ERR_POLICY,
                         "%s: is no protected model; the cloud must not get one "
                         "in the clear",
                         dir);
    }
    TRY(model_open(&c->model, dir, err));
    TRY(stip_model_hash(c->hash, dir, err));
    TRY(cpu_pick(&o.isa, err));
    TRY(pool_new(&c->pool, threads, err));
    return plain_engine_new(&c->engine, c->model, c->pool, &o, err);
}

status stip_cloud_new(stip_cloud **out, const char *dir, size_t threads, error *err)
{
    *out = NULL;
    stip_cloud *c = mem_new(1, sizeof *c);
    if (!c) {
        return error_memory(err);
    }
    pthread_mutex_init(&c->turn, NULL);
    const status st = open_cloud(c, dir, threads, err);
    if (st != OK) {
        stip_cloud_free(c);
        return st;
    }
    *out = c;
    return OK;
}

void stip_cloud_free(stip_cloud *c)
{
    if (!c) {
        return;
    }
    if (c->engine) {
        c->engine->ops->free(c->engine);
    }
    pool_free(c->pool);
    model_free(c->model);
    pthread_mutex_destroy(&c->turn);
    mem_free(c);
}

size_t stip_cloud_threads(const stip_cloud *c)
{
    return pool_size(c->pool);
}

/* One input, whose frame has len bytes, and its answer. */
static status answer(stip_cloud *c, channel *owner, size_t len, stip_tally *tally, arena *a,
                     error *err)
{
    embedded x;
    uint8_t *in = arena_take(a, len, 1);
    if (!in) {
        return error_memory(err);
    }
    tally->inputs++;
    TRY(channel_payload(owner, in, err));
    TRY(stip_input_read(&x, in, len, c->model->dim, c->model->max_tokens, a, err));
    const size_t count = nn_encoder_rows(c->model, &x.seqs) * nn_encoder_columns(c->model);
    float *out = arena_take(a, count, sizeof *out);
    if (!out) {
        return error_memory(err);
    }
    pthread_mutex_lock(&c->turn);
    c->engine->err = err;
    const status st = nn_encoder_forward(c->engine, out, c->model, &x);
    pthread_mutex_unlock(&c->turn);
    TRY(st);
    TRY(channel_send(owner, STIP_OP_OUTPUT, out, count * sizeof *out, err));
    tally->answers++;
    return OK;
}

static status serve(stip_cloud *c, channel *owner, stip_tally *tally, arena *a, error *err)
{
    handshake_terms terms;
    char parameters[STIP_PARAMETERS_BYTES];
    TRY(stip_terms(&terms, parameters, owner, c->hash, err));
    TRY(handshake(owner, false, &terms, err));
    const channel_allowed allowed[] = {
        {STIP_OP_INPUT, stip_input_limit(c->model->dim)},
        {STIP_OP_END, 0},
    };
    for (;;) {
        const arena_mark_t mark = arena_mark(a);
        uint32_t op = 0;
        size_t len = 0;
        TRY(channel_next(owner, allowed, 2, &op, &len, err));
        if (op == STIP_OP_END) {
            return channel_payload(owner, NULL, err);
        }
        TRY(answer(c, owner, len, tally, a, err));
        arena_release(a, mark);
    }
}

status stip_cloud_serve(stip_cloud *c, channel *owner, stip_tally *tally, error *err)
{
    stip_tally unread;
    tally = tally ? tally : &unread;
    *tally = (stip_tally){0};
    arena *a = arena_new();
    if (!a) {
        return error_memory(err);
    }
    const status st = serve(c, owner, tally, a, err);
    if (st != OK) {
        channel_abort(owner, st);
    }
    arena_free(a); /* wipes, whatever happened */
    pthread_mutex_lock(&c->turn);
    plain_engine_forget(c->engine);
    pthread_mutex_unlock(&c->turn);
    mem_wipe_stack();
    return st;
}
