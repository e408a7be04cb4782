/* The data owner of he on a machine of its own: the server is reached over TLS. */
#include <stdio.h>
#include <string.h>

#include "api/runner.h"
#include "base/mem.h"
#include "he/seed.h"
#include "net/tls.h"
#include "party/he_host.h"
#include "party/he_owner.h"
#include "party/he_place.h"
#include "party/peers.h"

enum { MAX_TIMEOUT_S = 86400 };

typedef struct {
    runner base;
    identity *me;
    channel *server;
    pool *pool;
    secret seed;
    he_owner owner;
    tacit_progress_fn *progress;
    void *progress_ctx;
} remote_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    return he_owner_forward(&((remote_runner *)base)->owner, out, x, err);
}

static status prepare(runner *base, size_t tokens, error *err)
{
    remote_runner *r = (remote_runner *)base;
    const status st = he_owner_prepare(&r->owner, tokens, err);
    r->base.in_rounds = he_owner_takes_part(&r->owner);
    return st;
}

static void cost(const runner *base, run_cost *c)
{
    const he_owner *o = &((const remote_runner *)base)->owner;
    *c = (run_cost){.rounds = o->online.rounds,
                    .n_parties = 2,
                    .sent = {{"owner", o->offline.sent, o->online.sent},
                             {"server", o->offline.received, o->online.received}}};
}

static void remote_runner_free(runner *base)
{
    remote_runner *r = (remote_runner *)base;
    he_owner_end(&r->owner);
    channel_free(r->server);
    identity_free(r->me);
    secret_clear(&r->seed);
    pool_free(r->pool);
    mem_free(r);
}

static const runner_ops ops = {
    .forward = forward, .prepare = prepare, .cost = cost, .free = remote_runner_free};

static void told(void *ctx, size_t done, size_t total, double left_s)
{
    const remote_runner *r = ctx;
    char what[64] = "layers";
    if (left_s >= 0) {
        snprintf(what, sizeof what, "layers, %.1f s left", left_s);
    }
    r->progress(r->progress_ctx, what, done, total);
}

/* The key that is kept, or one for this session. */
static status find_seed(secret *out, const char *dir, error *err)
{
    if (!dir) {
        return he_seed_new(out, err);
    }
    char *path = file_join(dir, HE_SEED_FILE);
    const status st = path ? he_seed_read(out, path, err) : error_memory(err);
    mem_free(path);
    return st;
}

static status check(const runner_setup *s, error *err)
{
    if (!s->certs) {
        return error_set(err, ERR_USAGE, "a server elsewhere asks for this party's certificate");
    }
    if (s->precision && strcmp(s->precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': he has scales of its own", s->precision);
    }
    return s->timeout <= MAX_TIMEOUT_S
               ? OK
               : error_set(err, ERR_USAGE, "a time-out of %zu s: at most %d", s->timeout,
                           MAX_TIMEOUT_S);
}

static status connect_server(remote_runner *r, const runner_setup *s, error *err)
{
    peers at;
    tls_options tls = tls_defaults();
    tls.channel.network = s->network;
    TRY(peers_parse(&at, s->peers, role_only(ROLE_HE_SERVER), err));
    TRY(check(s, err));
    he_owner_options o = {.model = s->model,
                          .seed = &r->seed,
                          .keep = s->key != NULL,
                          .timeout_ms = s->timeout ? 1000 * (int64_t)s->timeout : HE_TIMEOUT_MS,
                          .told = s->progress ? told : NULL,
                          .told_ctx = r};
    r->progress = s->progress;
    r->progress_ctx = s->progress_ctx;
    TRY(he_place_model(o.digest, s->model, err));
    TRY(find_seed(&r->seed, s->key, err));
    TRY(pool_new(&r->pool, s->threads, err));
    o.pool = r->pool;
    TRY(identity_new(&r->me, s->certs, ROLE_OWNER, err));
    TRY(tls_connect(&r->server, at.address[ROLE_HE_SERVER], r->me, ROLE_HE_SERVER, &tls, err));
    o.server = r->server;
    return he_owner_begin(&r->owner, &o, err);
}

status runner_he_remote_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    remote_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    r->base.ops = &ops;
    const status st = connect_server(r, s, err);
    if (st != OK) {
        remote_runner_free(&r->base);
        return st;
    }
    r->base.threads = pool_size(r->pool);
    *out = &r->base;
    return OK;
}
