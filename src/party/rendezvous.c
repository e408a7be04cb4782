#define _GNU_SOURCE
#include "party/rendezvous.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/clock.h"

/* Somebody who waits with a channel, on that thread's stack. */
typedef struct waiting {
    channel *channel;
    bool taken;
    struct waiting *next;
} waiting;

struct rendezvous {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    waiting *first;
    bool stopped;
};

status rendezvous_new(rendezvous **out, error *err)
{
    rendezvous *r = *out = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return OK;
}

void rendezvous_free(rendezvous *r)
{
    if (r) {
        CHECK(!r->first);
        pthread_cond_destroy(&r->changed);
        pthread_mutex_destroy(&r->lock);
        mem_free(r);
    }
}

/* Under the lock. */
static waiting *find(const rendezvous *r, role peer, const uint8_t *session)
{
    waiting *w = r->first;
    while (w && (channel_peer(w->channel) != peer ||
                 memcmp(channel_session(w->channel), session, FRAME_SESSION_BYTES) != 0)) {
        w = w->next;
    }
    return w;
}

static void unlink_from(rendezvous *r, const waiting *w)
{
    waiting **at = &r->first;
    while (*at && *at != w) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = w->next;
    }
}

/* Under the lock: wait for a change; false where the time is over or a stop has come. */
static bool wait_until(rendezvous *r, int64_t until)
{
    const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    if (r->stopped || clock_ns() >= until) {
        return false;
    }
    pthread_cond_timedwait(&r->changed, &r->lock, &at);
    return true;
}

static status gave_up(const rendezvous *r, role who, int64_t timeout_ms, error *err)
{
    return r->stopped ? error_set(err, ERR_NETWORK, "given up by this program")
                      : error_set(err, ERR_NETWORK, "%s: did not come to the session within %g s",
                                  role_name(who), (double)timeout_ms * 1e-3);
}

/* What is waited for where a peer has come: whoever begins the session here. */
static role taker(role peer)
{
    return peer == ROLE_SERVER1 ? ROLE_SERVER0 : ROLE_OWNER;
}

status rendezvous_leave(rendezvous *r, channel *c, int64_t timeout_ms, error *err)
{
    const int64_t until = clock_after(clock_ns(), timeout_ms);
    waiting me = {.channel = c};
    pthread_mutex_lock(&r->lock);
    if (find(r, channel_peer(c), channel_session(c))) {
        pthread_mutex_unlock(&r->lock);
        return error_set(err, ERR_PROTOCOL, "%s: is in this session already",
                         role_name(channel_peer(c)));
    }
    me.next = r->first;
    r->first = &me;
    pthread_cond_broadcast(&r->changed);
    while (!me.taken && wait_until(r, until)) {
    }
    const bool taken = me.taken;
    const status st = taken ? OK : gave_up(r, taker(channel_peer(c)), timeout_ms, err);
    if (!taken) {
        unlink_from(r, &me);
    }
    pthread_mutex_unlock(&r->lock);
    return st;
}

status rendezvous_meet(rendezvous *r, channel **out, role peer,
                       const uint8_t session[FRAME_SESSION_BYTES], int64_t timeout_ms, error *err)
{
    const int64_t until = clock_after(clock_ns(), timeout_ms);
    waiting *w;
    *out = NULL;
    pthread_mutex_lock(&r->lock);
    while (!(w = find(r, peer, session)) && wait_until(r, until)) {
    }
    status st = OK;
    if (w && !r->stopped) {
        *out = w->channel;
        unlink_from(r, w);
        w->taken = true;
        pthread_cond_broadcast(&r->changed);
    } else {
        st = gave_up(r, peer, timeout_ms, err);
    }
    pthread_mutex_unlock(&r->lock);
    return st;
}

void rendezvous_stop(rendezvous *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}
