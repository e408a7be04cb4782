#define _GNU_SOURCE
#include "fault/faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    atomic_uint kinds;
    atomic_size_t calls, nth;
    atomic_bool from, happened;
    atomic_size_t held;
} fault;

void fault_arm(unsigned kinds, size_t nth, bool from)
{
    fault.calls = 0;
    fault.nth = nth;
    fault.from = from;
    fault.happened = false;
    fault.kinds = kinds;
}

bool fault_disarm(void)
{
    fault.kinds = 0;
    return fault.happened;
}

void fault_rearm(bool happened)
{
    fault.happened = happened;
}

size_t fault_held(void)
{
    return fault.held;
}

size_t fault_descriptors(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d)) {
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n;
}

/* Whether this call is to fail. */
static bool fails(fault_kind kind)
{
    if (!(fault.kinds & kind)) {
        return false;
    }
    const size_t call = atomic_fetch_add(&fault.calls, 1) + 1;
    if (call == fault.nth || (fault.from && call > fault.nth)) {
        fault.happened = true;
        return true;
    }
    return false;
}

/* ---- memory: glibc's own entry points stand behind ---- */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void __libc_free(void *p);

static void *count(void *p)
{
    fault.held += p != NULL;
    return p;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t bytes)
{
    return fails(FAULT_MEMORY) ? no_memory() : count(__libc_malloc(bytes));
}

void *calloc(size_t n, size_t size)
{
    return fails(FAULT_MEMORY) ? no_memory() : count(__libc_calloc(n, size));
}

void *realloc(void *p, size_t bytes)
{
    if (fails(FAULT_MEMORY)) {
        return no_memory();
    }
    void *q = __libc_realloc(p, bytes);
    if (!p) {
        count(q);
    } else if (bytes == 0 && !q) {
        fault.held--;
    }
    return q;
}

void *aligned_alloc(size_t align, size_t bytes)
{
    return fails(FAULT_MEMORY) ? no_memory() : count(__libc_memalign(align, bytes));
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    if (fails(FAULT_MEMORY)) {
        return ENOMEM;
    }
    *out = count(__libc_memalign(align, bytes));
    return *out ? 0 : ENOMEM;
}

void free(void *p)
{
    fault.held -= p != NULL;
    __libc_free(p);
}

/* ---- files and threads: the next definition behind this one ---- */

/* dlsym may allocate, so it is never asked while faults are armed for memory: all at the start. */
static struct {
    int (*open)(const char *, int, ...);
    int (*fstat)(int, struct stat *);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    int (*munmap)(void *, size_t);
    int (*mkostemp)(char *, int);
    ssize_t (*write)(int, const void *, size_t);
    int (*fchmod)(int, mode_t);
    int (*fsync)(int);
    int (*close)(int);
    int (*rename)(const char *, const char *);
    int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
} next;

static void find(void *slot, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(slot, &found, sizeof found);
}

__attribute__((constructor)) static void find_all(void)
{
    find(&next.open, "open");
    find(&next.fstat, "fstat");
    find(&next.mmap, "mmap");
    find(&next.munmap, "munmap");
    find(&next.mkostemp, "mkostemp");
    find(&next.write, "write");
    find(&next.fchmod, "fchmod");
    find(&next.fsync, "fsync");
    find(&next.close, "close");
    find(&next.rename, "rename");
    find(&next.pthread_create, "pthread_create");
}

static bool file_fails(void)
{
    if (!fails(FAULT_FILES)) {
        return false;
    }
    errno = EIO;
    return true;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return file_fails() ? -1 : next.open(path, flags, mode);
}

int fstat(int fd, struct stat *st)
{
    return file_fails() ? -1 : next.fstat(fd, st);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (file_fails()) {
        return MAP_FAILED;
    }
    void *p = next.mmap(at, len, prot, flags, fd, offset);
    fault.held += p != MAP_FAILED;
    return p;
}

int munmap(void *p, size_t len)
{
    const int result = next.munmap(p, len);
    fault.held -= result == 0;
    return result;
}

int mkostemp(char *pattern, int flags)
{
    return file_fails() ? -1 : next.mkostemp(pattern, flags);
}

/* Every other write is short, as the system allows at any time. */
ssize_t write(int fd, const void *data, size_t len)
{
    static atomic_uint turn;
    if (file_fails()) {
        return -1;
    }
    const bool part = (fault.kinds & FAULT_FILES) && len > 1 && turn++ % 2;
    return next.write(fd, data, part ? len / 2 : len);
}

int fchmod(int fd, mode_t mode)
{
    return file_fails() ? -1 : next.fchmod(fd, mode);
}

int fsync(int fd)
{
    return file_fails() ? -1 : next.fsync(fd);
}

/* The descriptor is gone even where close fails. */
int close(int fd)
{
    const int result = next.close(fd);
    return file_fails() ? -1 : result;
}

int rename(const char *from, const char *to)
{
    return file_fails() ? -1 : next.rename(from, to);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    return fails(FAULT_THREADS) ? EAGAIN : next.pthread_create(thread, attr, run, arg);
}
