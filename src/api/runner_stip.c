/* STIP with all three parties in this process: the developer protects the model into a folder of
 * its own, the cloud opens what is meant for it in a thread of its own, and the owner talks to it
 * over a channel, with the same code as over TLS. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/runner.h"
#include "api/workspace.h"
#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"
#include "party/stip_client.h"
#include "party/stip_cloud.h"
#include "stip/protect.h"

typedef struct {
    runner base;
    stip_owner owner;
    channel *to_cloud, *to_owner; /* the two ends */
    arena *scratch;

    stip_cloud *cloud;
    pthread_t thread;
    bool started;
    error cloud_error; /* of the thread, read after it has ended */
} stip_runner;

static void *cloud_main(void *arg)
{
    stip_runner *r = arg;
    (void)!stip_cloud_serve(r->cloud, r->to_owner, NULL, &r->cloud_error);
    return NULL;
}

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    stip_runner *r = (stip_runner *)base;
    return stip_client_forward(r->to_cloud, &r->owner, out, x, r->scratch, err);
}

static void cost(const runner *base, run_cost *c)
{
    const channel_counters *n = channel_count(((const stip_runner *)base)->to_cloud);
    *c = (run_cost){.rounds = n->rounds, .n_parties = 2};
    c->sent[0].party = "owner";
    c->sent[0].online = n->sent.wire_bytes;
    c->sent[1].party = "cloud";
    c->sent[1].online = n->received.wire_bytes;
}

static void stip_runner_free(runner *base)
{
    stip_runner *r = (stip_runner *)base;
    if (r->to_cloud) {
        (void)!stip_client_end(r->to_cloud, NULL);
    }
    channel_free(r->to_cloud);
    if (r->started) {
        pthread_join(r->thread, NULL);
    }
    channel_free(r->to_owner);
    stip_cloud_free(r->cloud);
    stip_owner_close(&r->owner);
    arena_free(r->scratch);
    mem_free(r);
}

static const runner_ops ops = {.forward = forward, .cost = cost, .free = stip_runner_free};

/* What the developer does, and what the other two then open. */
static status make_parties(stip_runner *r, const runner_setup *s, const workspace *w, error *err)
{
    uint8_t seed[STIP_SEED_BYTES];
    TRY(random_bytes(seed, sizeof seed, err));
    status st = stip_protect(s->model->dir, w->cloud, w->owner, seed, err);
    mem_wipe(seed, sizeof seed);
    TRY(st);
    TRY(stip_owner_open(&r->owner, w->owner, err));
    return stip_cloud_new(&r->cloud, w->cloud, s->threads, err);
}

static status connect_parties(stip_runner *r, const runner_setup *s, error *err)
{
    channel *ends[2];
    channel_options o = channel_defaults();
    o.network = s->network;
    TRY(channel_pair(ends, ROLE_OWNER, ROLE_CLOUD, &o, err));
    r->to_cloud = ends[0];
    r->to_owner = ends[1];
    r->scratch = arena_new();
    if (!r->scratch) {
        return error_memory(err);
    }
    if (pthread_create(&r->thread, NULL, cloud_main, r) != 0) {
        return error_set(err, ERR_RESOURCE, "cannot start the cloud's thread");
    }
    r->started = true;
    return stip_client_begin(r->to_cloud, &r->owner, err);
}

status runner_stip_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    if (s->peers) {
        return runner_stip_remote_new(out, s, err);
    }
    if (!s->model->layers) {
        return error_set(err, ERR_USAGE,
                         "%s is the owner's part of a protected model: name the "
                         "cloud that runs the other part",
                         s->model->dir);
    }
    if (s->precision && strcmp(s->precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': under stip it is f32", s->precision);
    }
    workspace w;
    stip_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    r->base.ops = &ops;
    status st = workspace_new(&w, err);
    if (st == OK) {
        st = make_parties(r, s, &w, err);
        workspace_remove(&w); /* both have mapped what they need */
    }
    if (st == OK) {
        st = connect_parties(r, s, err);
    }
    if (st != OK) {
        stip_runner_free(&r->base);
        return st;
    }
    r->base.threads = stip_cloud_threads(r->cloud);
    *out = &r->base;
    return OK;
}
