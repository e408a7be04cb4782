/** A directory for the files of one test, and small files in it. */
#ifndef TACIT_TESTS_SCRATCH_H
#define TACIT_TESTS_SCRATCH_H

#include <stddef.h>

/** A new directory under TMPDIR, /dev/shm or /tmp; scratch_remove takes it away with its content
 * and gives the string back. */
char *scratch_new(void);
void scratch_remove(char *dir);

/** dir/name, to be given back with free. */
char *scratch_path(const char *dir, const char *name);

/** Write a file; sub-directories of name are made. */
void scratch_write(const char *dir, const char *name, const void *bytes, size_t len);
void scratch_text(const char *dir, const char *name, const char *text);

/** Copy the regular files of a directory, links followed, and those of its sub-directories. */
void scratch_copy(const char *dir, const char *from);

/** The whole file, NUL behind it, to be given back with free. */
char *scratch_read(const char *path, size_t *len);

#endif
