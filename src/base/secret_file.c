#define _GNU_SOURCE
#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing may be at the path yet: what somebody else has put there is not ours to fill. */
static status cannot_create(const char *path, error *err)
{
    if (errno == EEXIST) {
        return error_set(err, ERR_USAGE, "%s: exists already and is not replaced", path);
    }
    return error_set(err, ERR_RESOURCE, "%s: cannot be made: %s", path, strerror(errno));
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

status secret_file_create(const char *path, const void *data, size_t len, error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return cannot_create(path, err);
    }
    bool done = fchmod(fd, 0600) == 0 && write_all(fd, data, len) && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 && done) {
        done = false;
        reason = errno;
    }
    if (!done) {
        unlink(path);
        return error_set(err, ERR_RESOURCE, "%s: cannot be written: %s", path, strerror(reason));
    }
    return OK;
}

status secret_directory_create(const char *path, error *err)
{
    if (mkdir(path, 0700) != 0) {
        return cannot_create(path, err);
    }
    /* A umask may have taken the owner's own rights. */
    if (chmod(path, 0700) != 0) {
        const int reason = errno;
        rmdir(path);
        return error_set(err, ERR_RESOURCE, "%s: cannot be made: %s", path, strerror(reason));
    }
    return OK;
}

/* What is open, not what the path names by now. */
static status check_owner(const struct stat *st, const char *path, error *err)
{
    if (!S_ISREG(st->st_mode)) {
        return error_set(err, ERR_AUTH, "%s: is not a regular file", path);
    }
    if (st->st_uid != geteuid()) {
        return error_set(err, ERR_AUTH, "%s: belongs to user %ju, not to user %ju, who runs this",
                         path, (uintmax_t)st->st_uid, (uintmax_t)geteuid());
    }
    if (st->st_mode & 077) {
        return error_set(err, ERR_AUTH, "%s: others may read or write it (mode %03o): chmod 600 it",
                         path, (unsigned)st->st_mode & 0777);
    }
    return OK;
}

static status read_all(secret *out, int fd, const char *path, error *err)
{
    size_t have = 0;
    while (have < out->len) {
        const ssize_t n = read(fd, out->data + have, out->len - have);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return error_set(err, ERR_ARTEFACT, "%s: cannot be read: %s", path,
                             n < 0 ? strerror(errno) : "it became shorter");
        }
        have += (size_t)n;
    }
    return OK;
}

static status read_fd(secret *out, int fd, const char *path, size_t max_bytes, error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: %s", path, strerror(errno));
    }
    TRY(check_owner(&st, path, err));
    if ((uintmax_t)st.st_size > max_bytes) {
        return error_set(err, ERR_ARTEFACT, "%s: %jd bytes, at most %zu are read", path,
                         (intmax_t)st.st_size, max_bytes);
    }
    TRY(secret_new(out, (size_t)st.st_size, err));
    const status done = read_all(out, fd, path, err);
    if (done != OK) {
        secret_clear(out);
    }
    return done;
}

status secret_file_read(secret *out, const char *path, size_t max_bytes, error *err)
{
    *out = (secret){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ELOOP) {
        return error_set(err, ERR_AUTH, "%s: is a link; name the file itself", path);
    }
    if (fd < 0) {
        return error_set(err, errno == EACCES ? ERR_AUTH : ERR_ARTEFACT, "%s: %s", path,
                         strerror(errno));
    }
    const status st = read_fd(out, fd, path, max_bytes, err);
    close(fd);
    return st;
}
