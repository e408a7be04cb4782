#define _GNU_SOURCE
#include "party/stip_server.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/socket.h"
#include "net/tls.h"
#include "party/stip_cloud.h"

/* A caller and the thread that answers. */
typedef struct {
    stip_server *server;
    pthread_t thread;
    int fd;
    bool begun, over; /* under the lock; a slot that is begun and over waits to be joined */
    channel *owner;   /* under the lock, while there is one to cut off */
    int calling;      /* before that: the socket once more, to hang up by; -1 */
} slot;

struct stip_server {
    stip_cloud *cloud;
    identity *me;
    listener *door;
    network network;
    stip_server_log *log;
    void *log_ctx;
    atomic_bool stopped;
    pthread_mutex_t lock;
    slot slots[STIP_SERVER_SESSIONS];
};

status stip_server_new(stip_server **out, const stip_server_options *o, error *err)
{
    *out = NULL;
    stip_server *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    pthread_mutex_init(&s->lock, NULL);
    s->network = o->network;
    status st = identity_new(&s->me, o->certs, ROLE_CLOUD, err);
    if (st == OK) {
        st = stip_cloud_new(&s->cloud, o->model, o->threads, err);
    }
    if (st == OK) {
        st = listener_new(&s->door, o->address, err);
    }
    if (st != OK) {
        stip_server_free(s);
        return st;
    }
    *out = s;
    return OK;
}

void stip_server_free(stip_server *s)
{
    if (s) {
        listener_free(s->door);
        stip_cloud_free(s->cloud);
        identity_free(s->me);
        pthread_mutex_destroy(&s->lock);
        mem_free(s);
    }
}

unsigned stip_server_port(const stip_server *s)
{
    return listener_port(s->door);
}

/* From now on, or no longer, a stop cuts this channel off. False where the stop has come. */
static bool show_channel(slot *l, channel *c)
{
    stip_server *s = l->server;
    pthread_mutex_lock(&s->lock);
    l->owner = c;
    const bool goes_on = !atomic_load(&s->stopped);
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

/* While TLS is on its way a stop hangs up by this descriptor, or by one that has come too late. */
static void show_caller(slot *l, int fd)
{
    stip_server *s = l->server;
    pthread_mutex_lock(&s->lock);
    l->calling = fd;
    if (fd >= 0 && atomic_load(&s->stopped)) {
        shutdown(fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
}

static status answer_caller(slot *l, stip_session_end *end)
{
    stip_server *s = l->server;
    channel *owner = NULL;
    tls_options o = tls_defaults();
    o.channel.network = s->network;
    const int again = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
    show_caller(l, again);
    status st = tls_accept(&owner, l->fd, s->me, role_only(ROLE_OWNER), &o, &end->why);
    show_caller(l, -1);
    if (again >= 0) {
        close(again);
    }
    TRY(st);
    if (show_channel(l, owner)) {
        st = stip_cloud_serve(s->cloud, owner, &end->tally, &end->why);
    }
    (void)!show_channel(l, NULL);
    end->count = *channel_count(owner);
    channel_free(owner);
    return st;
}

static void *slot_main(void *arg)
{
    slot *l = arg;
    stip_server *s = l->server;
    const int64_t began = clock_ns();
    stip_session_end end = {0};
    if (answer_caller(l, &end) == OK) {
        end.why = (error){0};
    }
    end.seconds = (double)(clock_ns() - began) * 1e-9;
    if (s->log) {
        s->log(s->log_ctx, &end);
    }
    pthread_mutex_lock(&s->lock);
    l->over = true;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void set_slot(slot *l, stip_server *s, slot to)
{
    pthread_mutex_lock(&s->lock);
    *l = to;
    pthread_mutex_unlock(&s->lock);
}

/* Join threads that are over, or all of them. */
static void join(stip_server *s, bool all)
{
    for (size_t i = 0; i < STIP_SERVER_SESSIONS; i++) {
        slot *l = &s->slots[i];
        pthread_mutex_lock(&s->lock);
        const bool due = l->begun && (l->over || all);
        pthread_mutex_unlock(&s->lock);
        if (due) {
            pthread_join(l->thread, NULL);
            set_slot(l, s, (slot){0});
        }
    }
}

/* A thread for the caller; without a free slot the call is dropped. */
static void admit(stip_server *s, int fd)
{
    join(s, false);
    for (size_t i = 0; i < STIP_SERVER_SESSIONS; i++) {
        slot *l = &s->slots[i];
        if (l->begun) {
            continue;
        }
        set_slot(l, s, (slot){.server = s, .fd = fd, .begun = true, .calling = -1});
        if (pthread_create(&l->thread, NULL, slot_main, l) == 0) {
            return;
        }
        set_slot(l, s, (slot){0});
        break;
    }
    close(fd);
}

status stip_server_run(stip_server *s, stip_server_log *log, void *ctx, error *err)
{
    status st = OK;
    s->log = log;
    s->log_ctx = ctx;
    while (st == OK && !atomic_load(&s->stopped)) {
        int fd = -1;
        st = listener_wait(s->door, -1, &fd, err);
        if (st == OK) {
            admit(s, fd);
        }
    }
    const bool asked = atomic_load(&s->stopped);
    stip_server_stop(s);
    join(s, true);
    return asked ? OK : st;
}

void stip_server_stop(stip_server *s)
{
    atomic_store(&s->stopped, true);
    listener_cancel(s->door);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < STIP_SERVER_SESSIONS; i++) {
        const slot *l = &s->slots[i];
        if (l->owner) {
            channel_cancel(l->owner);
        } else if (l->begun && l->calling >= 0) {
            shutdown(l->calling, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&s->lock);
}
