#include "api/party.h"
#include "base/mem.h"
#include "party/stip_server.h"

typedef struct {
    tacit_party base;
    stip_server *server;
} cloud;

static unsigned port(const tacit_party *p)
{
    return stip_server_port(((const cloud *)p)->server);
}

static void session_over(void *ctx, const stip_session_end *e)
{
    const cloud *c = ctx;
    party_tell(&c->base,
               json_pack("{s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:s}", "role", "cloud",
                         "protect", "stip", "seconds", e->seconds, "answers",
                         (json_int_t)e->tally.answers, "bytes_sent",
                         (json_int_t)e->count.sent.wire_bytes, "bytes_received",
                         (json_int_t)e->count.received.wire_bytes, "rounds",
                         (json_int_t)e->count.rounds, "peak_bytes", (json_int_t)api_peak_bytes(),
                         "learned", party_learnt("stip", "cloud", e->tally.inputs > 0)),
               &e->why);
}

static status run(tacit_party *p, error *err)
{
    cloud *c = (cloud *)p;
    return stip_server_run(c->server, session_over, c, err);
}

static void stop(tacit_party *p)
{
    stip_server_stop(((cloud *)p)->server);
}

static void cloud_free(tacit_party *p)
{
    stip_server_free(((cloud *)p)->server);
    mem_free(p);
}

static const party_ops ops = {.port = port, .run = run, .stop = stop, .free = cloud_free};

status party_stip_new(tacit_party **out, const tacit_party_options *o, network n, error *err)
{
    const stip_server_options s = {.model = o->model,
                                   .certs = o->certs,
                                   .address = o->listen,
                                   .threads = o->threads,
                                   .network = n};
    if (o->peers || o->material) {
        return error_set(err, ERR_USAGE, "a cloud calls nobody and needs no material");
    }
    cloud *c = mem_new(1, sizeof *c);
    if (!c) {
        return error_memory(err);
    }
    c->base.ops = &ops;
    const status st = stip_server_new(&c->server, &s, err);
    if (st != OK) {
        mem_free(c);
        return st;
    }
    *out = &c->base;
    return OK;
}
