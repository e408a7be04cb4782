#define _GNU_SOURCE
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mem_new(size_t n, size_t size)
{
    size_t bytes;
    if (!mem_mul(&bytes, n, size) || bytes > SIZE_MAX - MEM_ALIGN) {
        return NULL;
    }
    bytes = (bytes + MEM_ALIGN - 1) & ~(size_t)(MEM_ALIGN - 1);
    void *p = aligned_alloc(MEM_ALIGN, bytes ? bytes : MEM_ALIGN);
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
