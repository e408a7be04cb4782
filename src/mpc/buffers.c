#include "mpc/buffers.h"

#include <pthread.h>
#include <stdint.h>

#include "base/mem.h"

/* Stands in the cache line before the block. */
typedef struct header {
    struct header *next;
    size_t bytes;
} header;

enum { LISTS = 64 };

struct buffers {
    pthread_mutex_t lock;
    header *idle[LISTS]; /* by size, several sizes a list */
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
    for (size_t i = 0; i < LISTS; i++) {
        while (b->idle[i]) {
            header *h = b->idle[i];
            b->idle[i] = h->next;
            mem_wipe((uint8_t *)h + MEM_ALIGN, h->bytes);
            mem_free(h);
        }
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

static header **list_of(buffers *b, size_t size)
{
    return &b->idle[(size / MEM_ALIGN * UINT64_C(0x9e3779b97f4a7c15)) >> 58];
}

void *buffers_take(buffers *b, size_t bytes)
{
    if (bytes > SIZE_MAX / 4) {
        return NULL;
    }
    const size_t size = round_size(bytes);
    pthread_mutex_lock(&b->lock);
    for (header **at = list_of(b, size); *at; at = &(*at)->next) {
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
    header **list = list_of(b, h->bytes);
    h->next = *list;
    *list = h;
    pthread_mutex_unlock(&b->lock);
}

void buffers_wipe(buffers *b)
{
    for (size_t i = 0; i < LISTS; i++) {
        pthread_mutex_lock(&b->lock);
        header *list = b->idle[i];
        b->idle[i] = NULL;
        pthread_mutex_unlock(&b->lock);
        while (list) {
            header *h = list;
            list = h->next;
            mem_wipe((uint8_t *)h + MEM_ALIGN, h->bytes);
            buffers_give(b, (uint8_t *)h + MEM_ALIGN);
        }
    }
}

size_t buffers_bytes(const buffers *b)
{
    return b->bytes;
}
