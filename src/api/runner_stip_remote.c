/* STIP's owner on a machine of its own: the cloud is reached over TLS. */
#include <string.h>

#include "api/runner.h"
#include "base/arena.h"
#include "base/mem.h"
#include "net/tls.h"
#include "party/stip_client.h"

typedef struct {
    runner base;
    stip_owner owner;
    identity *me;
    channel *cloud;
    arena *scratch;
} remote_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    remote_runner *r = (remote_runner *)base;
    return stip_client_forward(r->cloud, &r->owner, out, x, r->scratch, err);
}

static void cost(const runner *base, run_cost *c)
{
    const channel_counters *n = channel_count(((const remote_runner *)base)->cloud);
    *c = (run_cost){.rounds = n->rounds, .n_parties = 2};
    c->sent[0].party = "owner";
    c->sent[0].online = n->sent.wire_bytes;
    c->sent[1].party = "cloud";
    c->sent[1].online = n->received.wire_bytes;
}

static void remote_runner_free(runner *base)
{
    remote_runner *r = (remote_runner *)base;
    if (r->cloud) {
        (void)!stip_client_end(r->cloud, NULL);
    }
    channel_free(r->cloud);
    identity_free(r->me);
    stip_owner_close(&r->owner);
    arena_free(r->scratch);
    mem_free(r);
}

static const runner_ops ops = {.forward = forward, .cost = cost, .free = remote_runner_free};

static status connect_cloud(remote_runner *r, const runner_setup *s, error *err)
{
    static const char prefix[] = "cloud=";
    if (strncmp(s->peers, prefix, sizeof prefix - 1) != 0) {
        return error_set(err, ERR_USAGE, "peers '%s': under stip it is cloud=HOST:PORT", s->peers);
    }
    if (!s->certs) {
        return error_set(err, ERR_USAGE, "a cloud elsewhere asks for this party's certificate");
    }
    TRY(stip_owner_open(&r->owner, s->model->dir, err));
    TRY(identity_new(&r->me, s->certs, ROLE_OWNER, err));
    r->scratch = arena_new();
    if (!r->scratch) {
        return error_memory(err);
    }
    tls_options o = tls_defaults();
    o.channel.network = s->network;
    TRY(tls_connect(&r->cloud, s->peers + sizeof prefix - 1, r->me, ROLE_CLOUD, &o, err));
    return stip_client_begin(r->cloud, &r->owner, err);
}

status runner_stip_remote_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    remote_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    r->base = (runner){.ops = &ops, .threads = 1};
    const status st = connect_cloud(r, s, err);
    if (st != OK) {
        remote_runner_free(&r->base);
        return st;
    }
    *out = &r->base;
    return OK;
}
