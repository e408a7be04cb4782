/** Files that are read: mapped whole, read-only, their size known before anything is believed. */
#ifndef TACIT_BASE_FILE_H
#define TACIT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** Bytes that somebody else owns. */
typedef struct {
    const uint8_t *data;
    size_t len;
} span;

typedef struct {
    span bytes;
    char *path; /* as it stands in error messages */
} file_map;

/** Map a regular file. An empty file gives an empty span. Longer than max_bytes is refused. */
status file_open(file_map *out, const char *path, size_t max_bytes, error *err) MUST_USE;

/** What errno says of a path that cannot be read: ERR_RESOURCE where memory or descriptors are
 * lacking, else ERR_ARTEFACT. */
status file_unreadable(const char *path, error *err);

/** Unmap; a zeroed file_map is fine. */
void file_close(file_map *f);

/** Whether something that is no directory is at that path. */
bool file_exists(const char *path);
bool file_is_directory(const char *path);
/** The same for dir/name. Takes no memory, so that its lack does not pass for a missing file. */
bool file_exists_in(const char *dir, const char *name);

/** dir/name as a new string, NULL where memory is lacking. */
char *file_join(const char *dir, const char *name);

/** Write all bytes to path so that a crash leaves the old file or the new one, never a part:
 * a temporary beside it, synced, renamed. mode as for chmod(2). */
status file_write(const char *path, const void *data, size_t len, unsigned mode,
                  error *err) MUST_USE;

#endif
