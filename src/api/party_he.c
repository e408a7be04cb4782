#include "api/party.h"
#include "base/mem.h"
#include "party/he_gate.h"

enum { MAX_TIMEOUT_S = 86400 };

typedef struct {
    tacit_party base;
    he_gate *gate;
} server;

static unsigned port(const tacit_party *p)
{
    return he_gate_port(((const server *)p)->gate);
}

static void session_over(void *ctx, const he_gate_end *e)
{
    const server *s = ctx;
    const he_tally_of_session *t = &e->tally;
    party_tell(
        &s->base,
        json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:{s:I, s:I}, s:I, s:I, s:I, s:I, s:s}", "role",
                  "he-server", "protect", "he", "seconds", e->seconds, "seconds_offline",
                  t->seconds_keys, "seconds_online", t->seconds_runs, "answers",
                  (json_int_t)t->answers, "keys", "received", (json_int_t)t->keys, "kept",
                  (json_int_t)t->kept, "bytes_sent", (json_int_t)e->count.sent.wire_bytes,
                  "bytes_received", (json_int_t)e->count.received.wire_bytes, "rounds",
                  (json_int_t)e->count.rounds, "peak_bytes", (json_int_t)api_peak_bytes(),
                  "learned", party_learnt("he", "server", t->keys + t->kept + t->inputs > 0)),
        &e->why);
}

static status run(tacit_party *p, error *err)
{
    server *s = (server *)p;
    return he_gate_run(s->gate, session_over, s, err);
}

static void stop(tacit_party *p)
{
    he_gate_stop(((server *)p)->gate);
}

static void server_free(tacit_party *p)
{
    he_gate_free(((server *)p)->gate);
    mem_free(p);
}

static const party_ops ops = {.port = port, .run = run, .stop = stop, .free = server_free};

status party_he_new(tacit_party **out, const tacit_party_options *o, network n, error *err)
{
    const he_gate_options g = {.model = o->model,
                               .certs = o->certs,
                               .address = o->listen,
                               .threads = o->threads,
                               .memory = o->memory,
                               .timeout_ms = 1000 * (int64_t)o->timeout,
                               .network = n};
    if (o->peers || o->material) {
        return error_set(err, ERR_USAGE, "a he-server calls nobody and needs no material");
    }
    if (o->timeout > MAX_TIMEOUT_S) {
        return error_set(err, ERR_USAGE, "a time-out of %zu s: at most %d", o->timeout,
                         MAX_TIMEOUT_S);
    }
    server *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    s->base.ops = &ops;
    const status st = he_gate_new(&s->gate, &g, err);
    if (st != OK) {
        mem_free(s);
        return st;
    }
    *out = &s->base;
    return OK;
}
