#include <string.h>

#include "api/party.h"
#include "base/mem.h"
#include "party/mpc_host.h"

enum { AHEAD_BYTES = 64 << 20, MAX_TIMEOUT_S = 86400 };

typedef struct {
    tacit_party base;
    mpc_host *host;
} member;

static unsigned port(const tacit_party *p)
{
    return mpc_host_port(((const member *)p)->host);
}

/* What went to and came from each peer; sums in *sent and *received. */
static json_t *traffic(const mpc_host_end *e, uint64_t *sent, uint64_t *received)
{
    json_t *o = json_object();
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        const channel_counters *c = &e->count[r];
        if (c->sent.frames == 0 && c->received.frames == 0) {
            continue;
        }
        *sent += c->sent.wire_bytes;
        *received += c->received.wire_bytes;
        json_object_set_new(o, role_name(r),
                            json_pack("{s:I, s:I}", "sent", (json_int_t)c->sent.wire_bytes,
                                      "received", (json_int_t)c->received.wire_bytes));
    }
    return o;
}

/* Rounds between the servers; to the dealer those are none of a computation's. */
static uint64_t rounds(const mpc_host_end *e, const char *who)
{
    return strcmp(who, "server0") == 0   ? e->count[ROLE_SERVER1].rounds
           : strcmp(who, "server1") == 0 ? e->count[ROLE_SERVER0].rounds
                                         : 0;
}

static void session_over(void *ctx, const mpc_host_end *e)
{
    const member *m = ctx;
    const char *who = m->base.options.role;
    uint64_t sent = 0, received = 0;
    json_t *peers = traffic(e, &sent, &received);
    party_tell(&m->base,
               json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:o, s:I, s:I, s:s}", "role",
                         who, "protect", "mpc", "seconds", e->seconds, "seconds_offline",
                         e->tally.offline, "seconds_online", e->tally.online, "answers",
                         (json_int_t)e->tally.inferences, "bytes_sent", (json_int_t)sent,
                         "bytes_received", (json_int_t)received, "peers", peers, "rounds",
                         (json_int_t)rounds(e, who), "peak_bytes", (json_int_t)api_peak_bytes(),
                         "learned", party_learnt("mpc", who, e->tally.inferences > 0)),
               &e->why);
}

static status run(tacit_party *p, error *err)
{
    member *m = (member *)p;
    return mpc_host_run(m->host, session_over, m, err);
}

static void stop(tacit_party *p)
{
    mpc_host_stop(((member *)p)->host);
}

static void member_free(tacit_party *p)
{
    mpc_host_free(((member *)p)->host);
    mem_free(p);
}

static const party_ops ops = {.port = port, .run = run, .stop = stop, .free = member_free};

status party_mpc_new(tacit_party **out, const tacit_party_options *o, network n, error *err)
{
    const mpc_host_options h = {.who = role_find(o->role, strlen(o->role)),
                                .dir = o->model,
                                .certs = o->certs,
                                .address = o->listen,
                                .peers = o->peers,
                                .material = o->material,
                                .threads = o->threads,
                                .network = n,
                                .timeout_ms = 1000 * (int64_t)o->timeout,
                                .ahead = AHEAD_BYTES};
    if (o->timeout > MAX_TIMEOUT_S) {
        return error_set(err, ERR_USAGE, "a time-out of %zu s: at most %d", o->timeout,
                         MAX_TIMEOUT_S);
    }
    member *m = mem_new(1, sizeof *m);
    if (!m) {
        return error_memory(err);
    }
    m->base.ops = &ops;
    const status st = mpc_host_new(&m->host, &h, err);
    if (st != OK) {
        mem_free(m);
        return st;
    }
    *out = &m->base;
    return OK;
}
