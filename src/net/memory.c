#define _GNU_SOURCE
#include "net/memory.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/clock.h"

/* Bytes head to tail, modulo the capacity, are on their way. Only the sender moves the tail and
 * only the receiver the head, under the lock; the bytes themselves are copied outside of it. */
typedef struct {
    uint8_t *bytes;
    size_t head, tail;
    bool ended; /* nothing more is put in */
    bool idle;  /* nothing more is taken out */
} queue;

/* What both ends share. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t capacity;
    int ends; /* not freed yet */
    queue queues[2];
} exchange;

typedef struct {
    transport base;
    exchange *shared;
    queue *out, *in;
    bool cancelled; /* under the lock */
} memory_end;

static io_result memory_send(transport *t, const uint8_t *data, size_t n, size_t *done, error *err)
{
    memory_end *e = (memory_end *)t;
    exchange *x = e->shared;
    pthread_mutex_lock(&x->lock);
    const bool idle = e->out->idle;
    const size_t tail = e->out->tail, room = x->capacity - (tail - e->out->head);
    pthread_mutex_unlock(&x->lock);
    if (idle) {
        error_set(err, ERR_NETWORK, "closed the connection");
        return IO_FAILED;
    }
    n = n < room ? n : room;
    if (n == 0) {
        return IO_WAIT;
    }
    const size_t at = tail % x->capacity, first = n < x->capacity - at ? n : x->capacity - at;
    memcpy(e->out->bytes + at, data, first);
    memcpy(e->out->bytes, data + first, n - first);
    pthread_mutex_lock(&x->lock);
    e->out->tail += n;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    *done = n;
    return IO_DONE;
}

static io_result memory_receive(transport *t, uint8_t *out, size_t n, size_t *done, error *err)
{
    (void)err;
    memory_end *e = (memory_end *)t;
    exchange *x = e->shared;
    pthread_mutex_lock(&x->lock);
    const bool ended = e->in->ended;
    const size_t head = e->in->head, ready = e->in->tail - head;
    pthread_mutex_unlock(&x->lock);
    n = n < ready ? n : ready;
    if (n == 0) {
        return ready == 0 && ended ? IO_END : IO_WAIT;
    }
    const size_t at = head % x->capacity, first = n < x->capacity - at ? n : x->capacity - at;
    memcpy(out, e->in->bytes + at, first);
    memcpy(out + first, e->in->bytes, n - first);
    pthread_mutex_lock(&x->lock);
    e->in->head += n;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    *done = n;
    return IO_DONE;
}

/* Under the lock. */
static bool is_ready(const memory_end *e, bool to_send, bool to_receive)
{
    const queue *out = e->out, *in = e->in;
    return (to_send && (out->idle || out->tail - out->head < e->shared->capacity)) ||
           (to_receive && (in->ended || in->tail != in->head));
}

static wait_result memory_wait(transport *t, bool to_send, bool to_receive, int64_t until,
                               error *err)
{
    (void)err;
    memory_end *e = (memory_end *)t;
    exchange *x = e->shared;
    const struct timespec at = {.tv_sec = (time_t)(until / 1000000000),
                                .tv_nsec = (long)(until % 1000000000)};
    wait_result result = WAIT_READY;
    pthread_mutex_lock(&x->lock);
    while (!e->cancelled && result == WAIT_READY && !is_ready(e, to_send, to_receive)) {
        if (pthread_cond_timedwait(&x->changed, &x->lock, &at) == ETIMEDOUT) {
            result = WAIT_LATE;
        }
    }
    if (e->cancelled) {
        result = WAIT_CANCELLED;
    }
    pthread_mutex_unlock(&x->lock);
    return result;
}

static void memory_cancel(transport *t)
{
    memory_end *e = (memory_end *)t;
    pthread_mutex_lock(&e->shared->lock);
    e->cancelled = true;
    pthread_cond_broadcast(&e->shared->changed);
    pthread_mutex_unlock(&e->shared->lock);
}

static void memory_close(transport *t)
{
    memory_end *e = (memory_end *)t;
    pthread_mutex_lock(&e->shared->lock);
    e->out->ended = true;
    e->in->idle = true;
    pthread_cond_broadcast(&e->shared->changed);
    pthread_mutex_unlock(&e->shared->lock);
}

static void exchange_free(exchange *x)
{
    for (size_t i = 0; i < 2; i++) {
        if (x->queues[i].bytes) {
            mem_wipe(x->queues[i].bytes, x->capacity);
        }
        mem_free(x->queues[i].bytes);
    }
    pthread_cond_destroy(&x->changed);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}

static void memory_free(transport *t)
{
    memory_end *e = (memory_end *)t;
    exchange *x = e->shared;
    memory_close(t);
    pthread_mutex_lock(&x->lock);
    const bool last = --x->ends == 0;
    pthread_mutex_unlock(&x->lock);
    if (last) {
        exchange_free(x);
    }
    mem_wipe(e, sizeof *e);
    mem_free(e);
}

static exchange *exchange_new(size_t capacity)
{
    exchange *x = mem_new(1, sizeof *x);
    if (!x) {
        return NULL;
    }
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&x->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&x->lock, NULL);
    x->capacity = capacity;
    x->ends = 2;
    for (size_t i = 0; i < 2; i++) {
        x->queues[i].bytes = mem_new(capacity, 1);
    }
    if (!x->queues[0].bytes || !x->queues[1].bytes) {
        exchange_free(x);
        return NULL;
    }
    return x;
}

status memory_pair(transport *out[2], const uint8_t keys[2 * TRANSPORT_KEY_BYTES], size_t capacity,
                   error *err)
{
    static const transport_ops ops = {
        .send = memory_send,
        .receive = memory_receive,
        .wait = memory_wait,
        .cancel = memory_cancel,
        .close = memory_close,
        .free = memory_free,
    };
    CHECK(capacity > 0);
    exchange *x = exchange_new(capacity);
    memory_end *a = mem_new(1, sizeof *a), *b = mem_new(1, sizeof *b);
    if (!x || !a || !b) {
        if (x) {
            exchange_free(x);
        }
        mem_free(a);
        mem_free(b);
        return error_memory(err);
    }
    *a = (memory_end){.base.ops = &ops, .shared = x, .out = &x->queues[0], .in = &x->queues[1]};
    *b = (memory_end){.base.ops = &ops, .shared = x, .out = &x->queues[1], .in = &x->queues[0]};
    memcpy(a->base.send_key, keys, TRANSPORT_KEY_BYTES);
    memcpy(b->base.receive_key, keys, TRANSPORT_KEY_BYTES);
    memcpy(b->base.send_key, keys + TRANSPORT_KEY_BYTES, TRANSPORT_KEY_BYTES);
    memcpy(a->base.receive_key, keys + TRANSPORT_KEY_BYTES, TRANSPORT_KEY_BYTES);
    out[0] = &a->base;
    out[1] = &b->base;
    return OK;
}
