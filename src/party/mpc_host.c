#include "party/mpc_host.h"

#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/tls.h"
#include "party/door.h"
#include "party/mpc_dealer.h"
#include "party/mpc_place.h"
#include "party/mpc_server.h"
#include "party/mpc_stock.h"
#include "party/peers.h"
#include "party/rendezvous.h"

struct mpc_host {
    role who;
    mpc_place place;
    mpc_party party;
    mpc_stock *stock; /* or NULL */
    buffers *buffers; /* of all sessions: a new one finds memory that is there already */
    peers peers;
    door *door;
    rendezvous *meeting;
    network network;
    int64_t timeout_ms;
    size_t ahead;
    mpc_host_log *log;
    void *log_ctx;
};

/* One session in the thread of the call that begins it. */
typedef struct {
    mpc_host *host;
    channel *to[ROLE_END]; /* by peer */
    mpc_host_end *end;
} session;

/* ---- making ---- */

static role_set callers_of(role who)
{
    return who == ROLE_SERVER0   ? role_only(ROLE_OWNER)
           : who == ROLE_SERVER1 ? role_only(ROLE_OWNER) | role_only(ROLE_SERVER0)
                                 : role_only(ROLE_SERVER0) | role_only(ROLE_SERVER1);
}

/* Whom this party calls itself. */
static role_set called_by(role who, bool stocked)
{
    const role_set dealer = stocked ? 0 : role_only(ROLE_DEALER);
    return who == ROLE_SERVER0   ? role_only(ROLE_SERVER1) | dealer
           : who == ROLE_SERVER1 ? dealer
                                 : 0;
}

static channel_options meeting_options(const mpc_host *h)
{
    channel_options o = channel_defaults();
    o.network = h->network;
    o.timeout_ms = MPC_HOST_MEETING_MS;
    return o;
}

static status make(mpc_host *h, const mpc_host_options *o, error *err)
{
    isa level;
    if (o->material && o->who == ROLE_DEALER) {
        return error_set(err, ERR_USAGE, "a dealer uses no material");
    }
    TRY(peers_parse(&h->peers, o->peers, called_by(o->who, o->material != NULL), err));
    TRY(cpu_pick(&level, err));
    TRY(mpc_place_open(&h->place, o->dir, o->who, err));
    TRY(buffers_new(&h->buffers, err));
    h->party = (mpc_party){.who = h->place.who,
                           .model = h->place.model,
                           .plan = h->place.plan,
                           .weights = h->place.weights,
                           .isa = level,
                           .threads = o->threads,
                           .buffers = h->buffers,
                           .stocked = o->material != NULL};
    memcpy(h->party.hash, h->place.sharing.id, sizeof h->party.hash);
    if (o->material) {
        TRY(mpc_stock_open(&h->stock, o->material, &h->party, err));
    }
    TRY(rendezvous_new(&h->meeting, err));
    const door_options d = {.certs = o->certs,
                            .address = o->address,
                            .mine = o->who,
                            .callers = callers_of(o->who),
                            .channel = meeting_options(h)};
    return door_new(&h->door, &d, err);
}

status mpc_host_new(mpc_host **out, const mpc_host_options *o, error *err)
{
    *out = NULL;
    mpc_host *h = mem_new(1, sizeof *h);
    if (!h) {
        return error_memory(err);
    }
    h->who = o->who;
    h->network = o->network;
    h->timeout_ms = o->timeout_ms ? o->timeout_ms : MPC_HOST_TIMEOUT_MS;
    h->ahead = o->ahead;
    const status st = make(h, o, err);
    if (st != OK) {
        mpc_host_free(h);
        return st;
    }
    *out = h;
    return OK;
}

void mpc_host_free(mpc_host *h)
{
    if (h) {
        door_free(h->door);
        rendezvous_free(h->meeting);
        mpc_stock_free(h->stock);
        mpc_place_close(&h->place);
        buffers_free(h->buffers);
        mem_free(h);
    }
}

unsigned mpc_host_port(const mpc_host *h)
{
    return door_port(h->door);
}

const uint8_t *mpc_host_sharing(const mpc_host *h)
{
    return h->party.hash;
}

/* ---- a session ---- */

/* Call a peer into the session. */
static status call_peer(session *s, role peer, const uint8_t *id, error *err)
{
    mpc_host *h = s->host;
    tls_options o = tls_defaults();
    o.channel = meeting_options(h);
    TRY(tls_connect(&s->to[peer], h->peers.address[peer], door_identity(h->door), peer, &o, err));
    if (!door_watch(h->door, s->to[peer])) {
        return error_set(err, ERR_NETWORK, "given up by this program");
    }
    return mpc_party_join(s->to[peer], id, &h->party, err);
}

static status meet_peer(session *s, role peer, const uint8_t *id, error *err)
{
    return rendezvous_meet(s->host->meeting, &s->to[peer], peer, id, MPC_HOST_MEETING_MS, err);
}

static status gather(session *s, const uint8_t *id, error *err)
{
    switch (s->host->who) {
    case ROLE_SERVER0:
        TRY(call_peer(s, ROLE_SERVER1, id, err));
        break;
    case ROLE_SERVER1:
        TRY(meet_peer(s, ROLE_SERVER0, id, err));
        break;
    default:
        return meet_peer(s, ROLE_SERVER1, id, err);
    }
    return s->host->party.stocked ? OK : call_peer(s, ROLE_DEALER, id, err);
}

/* Who claims to be two parties would know what only both together may. */
static status check_keys(const session *s, error *err)
{
    for (role a = ROLE_NONE + 1; a < ROLE_END; a++) {
        for (role b = a + 1; b < ROLE_END; b++) {
            if (s->to[a] && s->to[b] &&
                memcmp(channel_peer_key(s->to[a]), channel_peer_key(s->to[b]), HASH_BYTES) == 0) {
                return error_set(err, ERR_AUTH, "%s: has the key of %s", role_name(b),
                                 role_name(a));
            }
        }
    }
    return OK;
}

static status compute(session *s, error *err)
{
    mpc_host *h = s->host;
    /* a server that computes, and then waits for its owner, asks the dealer for nothing */
    const int64_t patience = h->who == ROLE_DEALER ? 4 * h->timeout_ms : h->timeout_ms;
    for (role r = ROLE_NONE; r < ROLE_END; r++) {
        if (s->to[r]) {
            channel_set_timeout(s->to[r], patience);
        }
    }
    if (h->who == ROLE_DEALER) {
        return mpc_dealer_serve(&h->party, s->to[ROLE_SERVER0], s->to[ROLE_SERVER1], &s->end->tally,
                                err);
    }
    const mpc_session computing = {.owner = s->to[ROLE_OWNER],
                                   .peer =
                                       s->to[h->who == ROLE_SERVER0 ? ROLE_SERVER1 : ROLE_SERVER0],
                                   .dealer = s->to[ROLE_DEALER],
                                   .stock = h->stock,
                                   .ahead = h->ahead};
    return mpc_server_serve(&h->party, &computing, &s->end->tally, err);
}

static status hold_session(session *s, const uint8_t *id, error *err)
{
    TRY(gather(s, id, err));
    TRY(check_keys(s, err));
    return compute(s, err);
}

static void close_session(session *s, status st)
{
    for (role r = ROLE_NONE; r < ROLE_END; r++) {
        if (s->to[r]) {
            if (st != OK) {
                channel_abort(s->to[r], st);
            }
            door_unwatch(s->host->door, s->to[r]);
            s->end->count[r] = *channel_count(s->to[r]);
            channel_free(s->to[r]);
        }
    }
}

/* ---- calls ---- */

/* The first of a session's calls holds it here; the others are brought to it. */
static bool begins(const mpc_host *h, role caller)
{
    return caller == (h->who == ROLE_DEALER ? ROLE_SERVER0 : ROLE_OWNER);
}

static void tell(mpc_host *h, mpc_host_end *end, status st, int64_t began)
{
    if (st == OK) {
        end->why = (error){0};
    }
    end->seconds = (double)(clock_ns() - began) * 1e-9;
    if (h->log) {
        h->log(h->log_ctx, end);
    }
}

/* A call that is to be brought to its session; whoever holds that tells of it. */
static void bring(mpc_host *h, door_call *call, mpc_host_end *end)
{
    channel *c = call->caller;
    const status st = rendezvous_leave(h->meeting, c, MPC_HOST_MEETING_MS, &end->why);
    if (st != OK) {
        channel_abort(c, st);
        door_unwatch(h->door, c);
        end->count[channel_peer(c)] = *channel_count(c);
        channel_free(c);
        tell(h, end, st, call->began);
    }
}

static void answer(void *ctx, door_call *call)
{
    mpc_host *h = ctx;
    channel *c = call->caller;
    mpc_host_end end = {.why = call->why};
    session s = {.host = h, .end = &end};
    uint8_t id[FRAME_SESSION_BYTES];
    if (!c) {
        tell(h, &end, end.why.code, call->began);
        return;
    }
    s.to[channel_peer(c)] = c;
    status st = door_watch(h->door, c)
                    ? mpc_party_handshake(c, false, &h->party, &end.why)
                    : error_set(&end.why, ERR_NETWORK, "given up by this program");
    if (st == OK && !begins(h, channel_peer(c))) {
        bring(h, call, &end);
        return;
    }
    if (st == OK) {
        memcpy(id, channel_session(c), sizeof id);
        st = hold_session(&s, id, &end.why);
    }
    close_session(&s, st);
    tell(h, &end, st, call->began);
}

status mpc_host_run(mpc_host *h, mpc_host_log *log, void *ctx, error *err)
{
    h->log = log;
    h->log_ctx = ctx;
    return door_run(h->door, answer, h, err);
}

void mpc_host_stop(mpc_host *h)
{
    rendezvous_stop(h->meeting);
    door_stop(h->door);
}
