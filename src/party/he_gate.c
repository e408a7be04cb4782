#include "party/he_gate.h"

#include "base/mem.h"
#include "model/digest.h"
#include "net/clock.h"
#include "party/door.h"

struct he_gate {
    model *model;
    he_host *host;
    door *door;
    he_gate_log *log;
    void *log_ctx;
};

static status open_gate(he_gate *g, const he_gate_options *o, error *err)
{
    door_options d = {.certs = o->certs,
                      .address = o->address,
                      .mine = ROLE_HE_SERVER,
                      .callers = role_only(ROLE_OWNER),
                      .channel = channel_defaults()};
    d.channel.network = o->network;
    TRY(model_open(&g->model, o->model, err));
    he_host_options h = {
        .model = g->model, .threads = o->threads, .memory = o->memory, .timeout_ms = o->timeout_ms};
    TRY(model_digest(h.digest, g->model, err));
    TRY(he_host_new(&g->host, &h, err));
    return door_new(&g->door, &d, err);
}

status he_gate_new(he_gate **out, const he_gate_options *o, error *err)
{
    *out = NULL;
    he_gate *g = mem_new(1, sizeof *g);
    if (!g) {
        return error_memory(err);
    }
    const status st = open_gate(g, o, err);
    if (st != OK) {
        he_gate_free(g);
        return st;
    }
    *out = g;
    return OK;
}

void he_gate_free(he_gate *g)
{
    if (g) {
        door_free(g->door);
        he_host_free(g->host);
        model_free(g->model);
        mem_free(g);
    }
}

unsigned he_gate_port(const he_gate *g)
{
    return door_port(g->door);
}

static void answer(void *ctx, door_call *call)
{
    he_gate *g = ctx;
    he_gate_end end = {.why = call->why};
    channel *owner = call->caller;
    if (owner) {
        if (door_watch(call->door, owner) &&
            he_host_serve(g->host, owner, &end.tally, &end.why) == OK) {
            end.why = (error){0};
        }
        door_unwatch(call->door, owner);
        end.count = *channel_count(owner);
        channel_free(owner);
    }
    end.seconds = (double)(clock_ns() - call->began) * 1e-9;
    if (g->log) {
        g->log(g->log_ctx, &end);
    }
}

status he_gate_run(he_gate *g, he_gate_log *log, void *ctx, error *err)
{
    g->log = log;
    g->log_ctx = ctx;
    return door_run(g->door, answer, g, err);
}

void he_gate_stop(he_gate *g)
{
    door_stop(g->door);
}
