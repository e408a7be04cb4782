#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_BLOCKS = 48, FIRST_BLOCK_BYTES = 1 << 16 };

typedef struct {
    char *bytes;
    size_t size, used;
} block;

struct arena {
    block blocks[MAX_BLOCKS]; /* each at least twice as large as the one before */
    size_t n_blocks, current;
    bool public;
};

arena *arena_new(void)
{
    return mem_new(1, sizeof(arena));
}

arena *arena_new_public(void)
{
    arena *a = arena_new();
    if (a) {
        a->public = true;
    }
    return a;
}

void arena_free(arena *a)
{
    if (!a) {
        return;
    }
    for (size_t i = 0; i < a->n_blocks; i++) {
        mem_wipe(a->blocks[i].bytes, a->blocks[i].used);
        mem_free(a->blocks[i].bytes);
    }
    mem_free(a);
}

static void *take_from(block *b, size_t bytes)
{
    if (b->size - b->used < bytes) {
        return NULL;
    }
    void *p = b->bytes + b->used;
    b->used += bytes;
    return p;
}

void *arena_take(arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (!mem_mul(&bytes, n, size) || bytes > SIZE_MAX / 4) {
        return NULL;
    }
    bytes = bytes ? (bytes + MEM_ALIGN - 1) & ~(size_t)(MEM_ALIGN - 1) : MEM_ALIGN;

    for (; a->current < a->n_blocks; a->current++) {
        void *p = take_from(&a->blocks[a->current], bytes);
        if (p) {
            return p;
        }
        if (a->current + 1 == a->n_blocks) {
            break;
        }
    }
    if (a->n_blocks == MAX_BLOCKS) {
        return NULL;
    }
    size_t grown = a->n_blocks ? a->blocks[a->n_blocks - 1].size * 2 : FIRST_BLOCK_BYTES;
    while (grown < bytes) {
        grown *= 2;
    }
    char *fresh = mem_new(grown, 1);
    if (!fresh) {
        return NULL;
    }
    a->current = a->n_blocks++;
    a->blocks[a->current] = (block){.bytes = fresh, .size = grown};
    return take_from(&a->blocks[a->current], bytes);
}

arena_mark_t arena_mark(const arena *a)
{
    const size_t used = a->current < a->n_blocks ? a->blocks[a->current].used : 0;
    return (arena_mark_t){.block = a->current, .used = used};
}

void arena_release(arena *a, arena_mark_t mark)
{
    for (size_t i = mark.block; i < a->n_blocks; i++) {
        block *b = &a->blocks[i];
        const size_t keep = i == mark.block ? mark.used : 0;
        if (b->used > keep) {
            if (!a->public) {
                mem_wipe(b->bytes + keep, b->used - keep);
            }
            b->used = keep;
        }
    }
    a->current = mark.block;
}
