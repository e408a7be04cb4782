/** Makes calls of the C library fail, the n-th one or all from the n-th on.
 *
 * faults.c defines malloc and its kin, the calls on files, and pthread_create, and is linked into
 * the test program, whose definitions go before those of the C library. It counts what is not
 * given back: blocks of memory and mappings.
 *
 * Fails in any thread; arm and disarm where no other thread is at work.
 */
#ifndef TACIT_TESTS_FAULTS_H
#define TACIT_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    FAULT_MEMORY = 1, /* malloc, calloc, realloc, aligned_alloc, posix_memalign: NULL */
    FAULT_FILES = 2,  /* open, fstat, mmap, mkostemp, write, fchmod, fsync, close, rename: EIO */
    FAULT_THREADS = 4 /* pthread_create: EAGAIN */
} fault_kind;

/** From now on the nth call (1, 2, …) of these kinds fails; with `from` every later one too. */
void fault_arm(unsigned kinds, size_t nth, bool from);

/** No more failures. Returns whether there was one. */
bool fault_disarm(void);

/** After a disarm that said `happened`: no failures to come, but the next disarm says it again. So
 * a job may look at what it has made with failures off. */
void fault_rearm(bool happened);

/** Blocks and mappings that are held at the moment. */
size_t fault_held(void);

/** Open file descriptors of the process. */
size_t fault_descriptors(void);

#endif
