/** Files that only their owner may read: keys, and what parties deal each other.
 *
 * ERR_AUTH where a permission is wrong, ERR_ARTEFACT where the file is missing or too long,
 * ERR_USAGE where something is in the way, ERR_RESOURCE where it cannot be written.
 */
#ifndef TACIT_BASE_SECRET_FILE_H
#define TACIT_BASE_SECRET_FILE_H

#include "base/secret.h"

/** A new file of mode 0600, whatever the umask, synced. Refuses a path at which anything
 * is, a link too; nothing stays behind where it fails. */
status secret_file_create(const char *path, const void *data, size_t len, error *err) MUST_USE;

/** A new directory of mode 0700. Refuses a path at which anything is. */
status secret_directory_create(const char *path, error *err) MUST_USE;

/** The whole of a regular file that belongs to this user and that nobody else may read or write;
 * a link is refused. The caller clears *out. */
status secret_file_read(secret *out, const char *path, size_t max_bytes, error *err) MUST_USE;

#endif
