#define _GNU_SOURCE
#include "party/door.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/socket.h"

enum { WATCHED = 4 * DOOR_CALLERS };

/* A caller and the thread that answers. */
typedef struct {
    door *door;
    pthread_t thread;
    int fd;
    bool begun, over; /* under the lock; a slot that is begun and over waits to be joined */
    int calling;      /* while TLS is on its way: the socket once more, to hang up by; -1 */
} slot;

struct door {
    identity *me;
    listener *listener;
    role_set callers;
    channel_options channel;
    door_answer *answer;
    void *ctx;
    atomic_bool stopped;
    pthread_mutex_t lock;
    slot slots[DOOR_CALLERS];
    channel *watched[WATCHED]; /* under the lock */
};

status door_new(door **out, const door_options *o, error *err)
{
    *out = NULL;
    door *d = mem_new(1, sizeof *d);
    if (!d) {
        return error_memory(err);
    }
    pthread_mutex_init(&d->lock, NULL);
    d->callers = o->callers;
    d->channel = o->channel;
    status st = identity_new(&d->me, o->certs, o->mine, err);
    if (st == OK) {
        st = listener_new(&d->listener, o->address, err);
    }
    if (st != OK) {
        door_free(d);
        return st;
    }
    *out = d;
    return OK;
}

void door_free(door *d)
{
    if (d) {
        if (d->listener) {
            listener_free(d->listener);
        }
        identity_free(d->me);
        pthread_mutex_destroy(&d->lock);
        mem_free(d);
    }
}

unsigned door_port(const door *d)
{
    return listener_port(d->listener);
}

const identity *door_identity(const door *d)
{
    return d->me;
}

bool door_stopped(const door *d)
{
    return atomic_load(&d->stopped);
}

bool door_watch(door *d, channel *c)
{
    bool found = false;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < WATCHED && !found && !door_stopped(d); i++) {
        if (!d->watched[i]) {
            d->watched[i] = c;
            found = true;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

void door_unwatch(door *d, const channel *c)
{
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; c && i < WATCHED; i++) {
        if (d->watched[i] == c) {
            d->watched[i] = NULL;
        }
    }
    pthread_mutex_unlock(&d->lock);
}

/* ---- callers ---- */

/* While TLS is on its way a stop hangs up by this descriptor, or by one that has come too late. */
static void show_caller(slot *l, int fd)
{
    door *d = l->door;
    pthread_mutex_lock(&d->lock);
    l->calling = fd;
    if (fd >= 0 && door_stopped(d)) {
        shutdown(fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&d->lock);
}

static void accept_caller(slot *l, door_call *call)
{
    door *d = l->door;
    tls_options o = tls_defaults();
    o.channel = d->channel;
    const int again = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
    show_caller(l, again);
    if (tls_accept(&call->caller, l->fd, d->me, d->callers, &o, &call->why) == OK) {
        call->why = (error){0};
    }
    show_caller(l, -1);
    if (again >= 0) {
        close(again);
    }
}

static void *slot_main(void *arg)
{
    slot *l = arg;
    door *d = l->door;
    door_call call = {.door = d, .began = clock_ns()};
    accept_caller(l, &call);
    d->answer(d->ctx, &call);
    mem_wipe_stack(); /* which a later thread may be given */
    pthread_mutex_lock(&d->lock);
    l->over = true;
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

static void set_slot(slot *l, door *d, slot to)
{
    pthread_mutex_lock(&d->lock);
    *l = to;
    pthread_mutex_unlock(&d->lock);
}

/* Join threads that are over, or all of them. */
static void join(door *d, bool all)
{
    for (size_t i = 0; i < DOOR_CALLERS; i++) {
        slot *l = &d->slots[i];
        pthread_mutex_lock(&d->lock);
        const bool due = l->begun && (l->over || all);
        pthread_mutex_unlock(&d->lock);
        if (due) {
            pthread_join(l->thread, NULL);
            set_slot(l, d, (slot){0});
        }
    }
}

/* A thread for the caller; without a free slot the call is dropped. */
static void admit(door *d, int fd)
{
    join(d, false);
    for (size_t i = 0; i < DOOR_CALLERS; i++) {
        slot *l = &d->slots[i];
        if (l->begun) {
            continue;
        }
        set_slot(l, d, (slot){.door = d, .fd = fd, .begun = true, .calling = -1});
        if (pthread_create(&l->thread, NULL, slot_main, l) == 0) {
            return;
        }
        set_slot(l, d, (slot){0});
        break;
    }
    close(fd);
}

status door_run(door *d, door_answer *answer, void *ctx, error *err)
{
    status st = OK;
    d->answer = answer;
    d->ctx = ctx;
    while (st == OK && !door_stopped(d)) {
        int fd = -1;
        st = listener_wait(d->listener, -1, &fd, err);
        if (st == OK) {
            admit(d, fd);
        }
    }
    const bool asked = door_stopped(d);
    door_stop(d);
    join(d, true);
    return asked ? OK : st;
}

void door_stop(door *d)
{
    atomic_store(&d->stopped, true);
    listener_cancel(d->listener);
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < DOOR_CALLERS; i++) {
        const slot *l = &d->slots[i];
        if (l->begun && l->calling >= 0) {
            shutdown(l->calling, SHUT_RDWR);
        }
    }
    for (size_t i = 0; i < WATCHED; i++) {
        if (d->watched[i]) {
            channel_cancel(d->watched[i]);
        }
    }
    pthread_mutex_unlock(&d->lock);
}
