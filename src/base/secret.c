#define _GNU_SOURCE
#include "base/secret.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Whole pages that hold len bytes, and one before and behind; false where that fits no size_t. */
static bool mapping_bytes(size_t *out, size_t len)
{
    const size_t page = page_bytes();
    size_t bytes;
    if (!mem_add(&bytes, len, 3 * page - 1)) {
        return false;
    }
    *out = bytes & ~(page - 1);
    return true;
}

status secret_new(secret *out, size_t len, error *err)
{
    *out = (secret){0};
    if (len == 0) {
        return OK;
    }
    const size_t page = page_bytes();
    size_t bytes;
    if (!mapping_bytes(&bytes, len)) {
        return error_memory(err);
    }
    uint8_t *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        return error_memory(err);
    }
    if (mprotect(at + page, bytes - 2 * page, PROT_READ | PROT_WRITE) != 0) {
        munmap(at, bytes);
        return error_memory(err);
    }
    /* Both make it safer and neither is worth failing for: unprivileged programs may lock little
     * memory, and a key of some megabytes is still wanted. */
    (void)mlock(at + page, bytes - 2 * page);
    (void)madvise(at + page, bytes - 2 * page, MADV_DONTDUMP);
    *out = (secret){.data = at + page, .len = len};
    return OK;
}

void secret_clear(secret *s)
{
    size_t bytes;
    if (s->data && mapping_bytes(&bytes, s->len)) {
        mem_wipe(s->data, s->len);
        munmap(s->data - page_bytes(), bytes);
    }
    *s = (secret){0};
}
