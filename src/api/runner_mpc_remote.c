/* The data owner of mpc on a machine of its own: both servers are reached over TLS. */
#include <string.h>

#include "api/runner.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"
#include "net/tls.h"
#include "party/mpc_host.h"
#include "party/mpc_owner.h"
#include "party/mpc_place.h"
#include "party/peers.h"

typedef struct {
    runner base;
    mpc_sharing sharing;
    identity *me;
    mpc_owner owner;
    arena *scratch;
    bool outside;
} remote_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    remote_runner *r = (remote_runner *)base;
    bool outside = false;
    const status st = mpc_owner_forward(&r->owner, out, &outside, x, r->scratch, err);
    r->outside |= outside;
    for (int i = 0; st != OK && i < 2; i++) {
        channel_abort(r->owner.servers[i], st);
    }
    return st;
}

/* What others tell each other is theirs to report. */
static void cost(const runner *base, run_cost *c)
{
    const remote_runner *r = (const remote_runner *)base;
    const mpc_owner *o = &r->owner;
    const channel_counters *n[] = {channel_count(o->servers[0]), channel_count(o->servers[1])};
    *c = (run_cost){.rounds = n[0]->rounds,
                    .outside = r->outside,
                    .n_parties = 3,
                    .sent = {{"owner", 0, n[0]->sent.wire_bytes + n[1]->sent.wire_bytes},
                             {"server0", 0, n[0]->received.wire_bytes},
                             {"server1", 0, n[1]->received.wire_bytes}}};
}

static void remote_runner_free(runner *base)
{
    remote_runner *r = (remote_runner *)base;
    if (r->owner.servers[0] && r->owner.servers[1]) {
        (void)!mpc_owner_end(&r->owner, NULL);
    }
    channel_free(r->owner.servers[0]);
    channel_free(r->owner.servers[1]);
    identity_free(r->me);
    arena_free(r->scratch);
    mem_free(r);
}

static const runner_ops ops = {.forward = forward, .cost = cost, .free = remote_runner_free};

/* Both servers into one session, which this party draws. */
static status call_servers(remote_runner *r, const peers *at, const runner_setup *s, error *err)
{
    static const role servers[2] = {ROLE_SERVER0, ROLE_SERVER1};
    uint8_t session[FRAME_SESSION_BYTES];
    mpc_party me = {.model = s->model};
    memcpy(me.hash, r->sharing.id, sizeof me.hash);
    TRY(random_bytes(session, sizeof session, err));
    for (int i = 0; i < 2; i++) {
        tls_options o = tls_defaults();
        o.channel.network = s->network;
        TRY(tls_connect(&r->owner.servers[i], at->address[servers[i]], r->me, servers[i], &o, err));
        TRY(mpc_party_join(r->owner.servers[i], session, &me, err));
        channel_set_timeout(r->owner.servers[i],
                            s->timeout ? 1000 * (int64_t)s->timeout : MPC_HOST_TIMEOUT_MS);
    }
    if (memcmp(channel_peer_key(r->owner.servers[0]), channel_peer_key(r->owner.servers[1]),
               HASH_BYTES) == 0) {
        return error_set(err, ERR_AUTH, "server1: has the key of server0");
    }
    return OK;
}

static status make(remote_runner *r, const runner_setup *s, error *err)
{
    peers at;
    TRY(peers_parse(&at, s->peers, role_only(ROLE_SERVER0) | role_only(ROLE_SERVER1), err));
    if (!s->certs) {
        return error_set(err, ERR_USAGE, "servers elsewhere ask for this party's certificate");
    }
    if (s->protocol) {
        return error_set(err, ERR_USAGE,
                         "protocol '%.40s': servers elsewhere compute by what was shared with them",
                         s->protocol);
    }
    if (s->timeout > 86400) {
        return error_set(err, ERR_USAGE, "a time-out of %zu s: at most 86400", s->timeout);
    }
    TRY(mpc_place_check_owner(&r->sharing, s->model->dir, err));
    bool oblivious;
    TRY(runner_embedding(&oblivious, s->embedding, err));
    if (s->embedding && oblivious != r->sharing.oblivious) {
        return error_set(err, ERR_USAGE, "embedding '%s': the model was not shared so",
                         s->embedding);
    }
    r->base.oblivious = r->sharing.oblivious;
    r->base.rows = r->base.oblivious ? runner_oblivious_rows(s->model) : 0;
    r->base.label_only = s->label_only || r->sharing.label_only;
    TRY(r->base.label_only ? mpc_label_check(s->model, err) : OK);
    TRY(identity_new(&r->me, s->certs, ROLE_OWNER, err));
    r->scratch = arena_new();
    if (!r->scratch) {
        return error_memory(err);
    }
    r->owner.model = s->model;
    r->owner.asks = (mpc_asks){.guard = s->guard, .label = r->base.label_only};
    r->owner.form = mpc_input_form_of(s->model, r->sharing.oblivious, r->sharing.input_bits);
    TRY(cpu_pick(&r->owner.isa, err));
    return call_servers(r, &at, s, err);
}

status runner_mpc_remote_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    remote_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    r->base = (runner){.ops = &ops, .threads = 1};
    const status st = make(r, s, err);
    if (st != OK) {
        remote_runner_free(&r->base);
        return st;
    }
    *out = &r->base;
    return OK;
}
