#define _GNU_SOURCE
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large blocks lie on huge pages where the system gives them: weights are read in streams that
 * cross a small page every few hundred cycles, and the processor's prefetchers stop there. */
enum { HUGE_PAGE = 1 << 21, LARGE = 2 * HUGE_PAGE };

/* Blocks of this size are mappings of their own, whatever the C library has learnt before
 * (DEFAULT_MMAP_THRESHOLD_MAX of mallopt(3)), and gone when they are given back. */
enum { UNMAPPED = 4 * 1024 * 1024 * sizeof(long) };

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

/* What is given back is wiped, so that nobody has to know which block held something secret; where
 * it was memory that the system takes back at once, that is the system's affair. */
void mem_free(void *p)
{
    if (p && malloc_usable_size(p) < UNMAPPED) {
        mem_wipe(p, malloc_usable_size(p));
    }
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

/* Calls with variable arguments and the binding of symbols store vector registers on the stack,
 * with whatever the last copy has left in them. */
static inline void wipe_vector_registers(void)
{
#ifdef __x86_64__
#define ZERO(i) "vpxord %%zmm" #i ", %%zmm" #i ", %%zmm" #i "\n\t"
    if (__builtin_cpu_supports("avx512f")) {
        __asm__ volatile(ZERO(16) ZERO(17) ZERO(18) ZERO(19) ZERO(20) ZERO(21) ZERO(22) ZERO(
            23) ZERO(24) ZERO(25) ZERO(26) ZERO(27) ZERO(28) ZERO(29) ZERO(30) ZERO(31)::);
    }
#undef ZERO
    if (__builtin_cpu_supports("avx")) {
        __asm__ volatile("vzeroall" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                               "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                               "xmm15");
    }
#endif
}

/* Not on a sanitizer's own stack, and never inside its caller's frame. */
__attribute__((noinline, no_sanitize("address"))) void mem_wipe_stack(void)
{
    char below[1 << 16];
    explicit_bzero(below, sizeof below);
    wipe_vector_registers();
}
