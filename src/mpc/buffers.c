#include "mpc/buffers.h"

#include <pthread.h>
#include <stdint.h>

#include "base/mem.h"

/* Stands in the cache line before the block. */
typedef struct header {
    struct header *next;
    size_t bytes;
} header;

struct buffers {
    pthread_mutex_t lock;
    header *idle;
    size_t bytes;
};

status buffers_new(buffers **out, error *err)
{
    *out = mem_new(1, sizeof **out);
    if (!*out) {
        return error_memory(err);
    }
    pthread_mutex_init(&(*out)->lock, NULL);
    return OK;
}

void buffers_free(buffers *b)
{
    if (!b) {
        return;
    }
    while (b->idle) {
        header *h = b->idle;
        b->idle = h->next;
        mem_wipe((uint8_t *)h + MEM_ALIGN, h->bytes);
        mem_free(h);
    }
    pthread_mutex_destroy(&b->lock);
    mem_free(b);
}

/* Sizes in steps, so that neighbours share blocks. */
static size_t round_size(size_t bytes)
{
    size_t step = MEM_ALIGN;
    while (step < bytes / 16) {
        step *= 2;
    }
    return (bytes + step - 1) / step * step;
}

void *buffers_take(buffers *b, size_t bytes)
{
    if (bytes > SIZE_MAX / 4) {
        return NULL;
    }
    const size_t size = round_size(bytes);
    pthread_mutex_lock(&b->lock);
    for (header **at = &b->idle; *at; at = &(*at)->next) {
        if ((*at)->bytes == size) {
            header *h = *at;
            *at = h->next;
            pthread_mutex_unlock(&b->lock);
            return (uint8_t *)h + MEM_ALIGN;
        }
    }
    b->bytes += size;
    pthread_mutex_unlock(&b->lock);
    header *h = mem_new(1, MEM_ALIGN + size);
    if (!h) {
        return NULL;
    }
    h->bytes = size;
    return (uint8_t *)h + MEM_ALIGN;
}

void buffers_give(buffers *b, void *block)
{
    if (!block) {
        return;
    }
    header *h = (header *)(void *)((uint8_t *)block - MEM_ALIGN);
    pthread_mutex_lock(&b->lock);
    h->next = b->idle;
    b->idle = h;
    pthread_mutex_unlock(&b->lock);
}

size_t buffers_bytes(const buffers *b)
{
    return b->bytes;
}
