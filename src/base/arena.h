/** Temporary memory: mark, take, release. A release wipes what it gives back.
 *
 * An arena grows by blocks and keeps them, so that a second run of the same work takes nothing
 * from the system. It belongs to one thread.
 */
#ifndef TACIT_BASE_ARENA_H
#define TACIT_BASE_ARENA_H

#include <stddef.h>

typedef struct arena arena;

typedef struct {
    size_t block, used;
} arena_mark_t;

/** NULL where memory is lacking. */
arena *arena_new(void);
/** One whose releases wipe nothing, for work on what everybody may read. */
arena *arena_new_public(void);
void arena_free(arena *a);

/** n * size bytes at a cache line, not zeroed; NULL where memory is lacking. */
void *arena_take(arena *a, size_t n, size_t size);

arena_mark_t arena_mark(const arena *a);
void arena_release(arena *a, arena_mark_t mark);

#endif
