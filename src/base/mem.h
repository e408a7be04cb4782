/** The only door to the heap. Sizes are products checked for overflow; NULL means there is no
 * memory (or the product does not fit). Everything is zeroed and aligned to a cache line. */
#ifndef TACIT_BASE_MEM_H
#define TACIT_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

enum { MEM_ALIGN = 64 };

void *mem_new(size_t n, size_t size);
/** Nothing of its content stays in memory. Cost: that of zeroing it. */
void mem_free(void *p);

/** Grow an array so that it holds at least `need` elements; *cap is its capacity.
 * Returns false, the array untouched, where memory is lacking. */
bool mem_reserve(void **array, size_t *cap, size_t need, size_t size);

/** Copy of a string, or of n bytes of one with a NUL behind. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/** Overwrite what must not stay in memory; never optimised away. */
void mem_wipe(void *p, size_t bytes);

/** The same for what calls that have returned have left on this thread's stack, 64 KiB below the
 * caller's frame, and in the vector registers that calls store there. The C library keeps stacks of
 * threads that have ended, and other libraries do not clear theirs. */
void mem_wipe_stack(void);

/** Bytes that programs can still have on this machine; SIZE_MAX where nobody says. */
size_t mem_available(void);

/** a * b, or false where it does not fit a size_t. */
static inline bool mem_mul(size_t *product, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool mem_add(size_t *sum, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, sum);
}

#endif
