#define _GNU_SOURCE
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large blocks lie on huge pages where the system gives them: weights are read in streams that
 * cross a small page every few hundred cycles, and the processor's prefetchers stop there. */
enum { HUGE_PAGE = 1 << 21, LARGE = 2 * HUGE_PAGE };

static void *take(size_t bytes)
{
    if (bytes < LARGE) {
        return aligned_alloc(MEM_ALIGN, bytes);
    }
    void *p = aligned_alloc(HUGE_PAGE, bytes);
    if (p) {
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* advice only: its refusal changes no result */
    }
    return p;
}

void *mem_new(size_t n, size_t size)
{
    size_t bytes;
    if (!mem_mul(&bytes, n, size) || bytes > SIZE_MAX - HUGE_PAGE) {
        return NULL;
    }
    const size_t unit = bytes < LARGE ? MEM_ALIGN : HUGE_PAGE;
    bytes = (bytes + unit - 1) / unit * unit;
    void *p = take(bytes ? bytes : MEM_ALIGN);
    if (p) {
        memset(p, 0, bytes ? bytes : MEM_ALIGN);
    }
    return p;
}

void mem_free(void *p)
{
    free(p);
}

bool mem_reserve(void **array, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap) {
        return true;
    }
    size_t grown = *cap > SIZE_MAX / 2 ? need : *cap * 2;
    if (grown < need) {
        grown = need;
    }
    if (grown < 16) {
        grown = 16;
    }
    void *bigger = mem_new(grown, size);
    if (!bigger) {
        return false;
    }
    if (*array) {
        memcpy(bigger, *array, *cap * size);
        mem_free(*array);
    }
    *array = bigger;
    *cap = grown;
    return true;
}

char *mem_strndup(const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? mem_new(n + 1, 1) : NULL;
    if (copy) {
        memcpy(copy, s, n);
    }
    return copy;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

void mem_wipe(void *p, size_t bytes)
{
    explicit_bzero(p, bytes);
}
