#include "mpc/queue.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"

typedef struct {
    void *block;
    size_t bytes;
    uint32_t tag;
} item;

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    buffers *buffers;
    item *items; /* first .. first + n - 1, modulo cap */
    size_t first, n, cap, bytes, limit;
    bool closed;
    error why;
};

status queue_new(queue **out, buffers *b, size_t limit, error *err)
{
    queue *q = *out = mem_new(1, sizeof *q);
    if (!q) {
        return error_memory(err);
    }
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    q->buffers = b;
    q->limit = limit;
    return OK;
}

void queue_free(queue *q)
{
    if (!q) {
        return;
    }
    for (size_t i = 0; i < q->n; i++) {
        buffers_give(q->buffers, q->items[(q->first + i) % q->cap].block);
    }
    mem_free(q->items);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    mem_free(q);
}

/* What a call gives after the queue has been closed. */
static status closed_status(const queue *q, error *err)
{
    if (q->why.code != OK) {
        if (err) {
            *err = q->why;
        }
        return q->why.code;
    }
    return error_set(err, ERR_INTERNAL, "the other walk of this server has ended already");
}

static bool grow(queue *q)
{
    if (q->n < q->cap) {
        return true;
    }
    const size_t cap = q->cap ? 2 * q->cap : 64;
    item *items = mem_new(cap, sizeof *items);
    if (!items) {
        return false;
    }
    for (size_t i = 0; i < q->n; i++) {
        items[i] = q->items[(q->first + i) % q->cap];
    }
    mem_free(q->items);
    q->items = items;
    q->first = 0;
    q->cap = cap;
    return true;
}

status queue_put(queue *q, uint32_t tag, void *block, size_t bytes, error *err)
{
    status st = OK;
    pthread_mutex_lock(&q->lock);
    while (!q->closed && q->n > 0 && q->limit > 0 && q->bytes + bytes > q->limit) {
        pthread_cond_wait(&q->changed, &q->lock);
    }
    if (q->closed) {
        st = closed_status(q, err);
    } else if (!grow(q)) {
        st = error_memory(err);
    } else {
        q->items[(q->first + q->n++) % q->cap] = (item){block, bytes, tag};
        q->bytes += bytes;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    if (st != OK) {
        buffers_give(q->buffers, block);
    }
    return st;
}

status queue_take(queue *q, uint32_t tag, void **block, error *err)
{
    status st = OK;
    *block = NULL;
    pthread_mutex_lock(&q->lock);
    while (q->n == 0 && !q->closed) {
        pthread_cond_wait(&q->changed, &q->lock);
    }
    if (q->n > 0 && q->why.code == OK) {
        const item i = q->items[q->first];
        CHECK(i.tag == tag);
        q->first = (q->first + 1) % q->cap;
        q->n--;
        q->bytes -= i.bytes;
        *block = i.block;
        pthread_cond_broadcast(&q->changed);
    } else {
        st = closed_status(q, err);
    }
    pthread_mutex_unlock(&q->lock);
    return st;
}

void queue_close(queue *q, const error *why)
{
    pthread_mutex_lock(&q->lock);
    if (why && why->code != OK && q->why.code == OK) {
        q->why = *why;
    }
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

status queue_wait_closed(queue *q, error *err)
{
    pthread_mutex_lock(&q->lock);
    while (!q->closed) {
        pthread_cond_wait(&q->changed, &q->lock);
    }
    const status st = q->why.code == OK ? OK : closed_status(q, err);
    pthread_mutex_unlock(&q->lock);
    return st;
}
