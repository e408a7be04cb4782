#define _GNU_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

status file_unreadable(const char *path, error *err)
{
    const bool lacking = errno == ENOMEM || errno == EMFILE || errno == ENFILE;
    return error_set(err, lacking ? ERR_RESOURCE : ERR_ARTEFACT, "%s: %s", path, strerror(errno));
}

static status map_fd(file_map *out, int fd, const char *path, size_t max_bytes, error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return file_unreadable(path, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return error_set(err, ERR_ARTEFACT, "%s: is not a regular file", path);
    }
    if ((uintmax_t)st.st_size > max_bytes) {
        return error_set(err, ERR_ARTEFACT, "%s: %jd bytes, at most %zu are read", path,
                         (intmax_t)st.st_size, max_bytes);
    }
    const size_t len = (size_t)st.st_size;
    if (len > 0) {
        void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            return error_set(err, ERR_RESOURCE, "%s: cannot be mapped: %s", path, strerror(errno));
        }
        out->bytes = (span){.data = p, .len = len};
    }
    return OK;
}

status file_open(file_map *out, const char *path, size_t max_bytes, error *err)
{
    *out = (file_map){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return file_unreadable(path, err);
    }
    const status st = map_fd(out, fd, path, max_bytes, err);
    close(fd);
    TRY(st);
    out->path = mem_strdup(path);
    if (!out->path) {
        file_close(out);
        return error_memory(err);
    }
    return OK;
}

void file_close(file_map *f)
{
    if (f->bytes.data) {
        munmap((void *)(uintptr_t)f->bytes.data, f->bytes.len);
    }
    mem_free(f->path);
    *f = (file_map){0};
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool file_is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_exists_in(const char *dir, const char *name)
{
    char path[PATH_MAX]; /* a longer one names nothing */
    const int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    return len > 0 && (size_t)len < sizeof path && file_exists(path);
}

char *file_join(const char *dir, const char *name)
{
    const size_t head = strlen(dir), tail = strlen(name);
    char *path = mem_new(head + tail + 2, 1);
    if (path) {
        memcpy(path, dir, head);
        path[head] = '/';
        memcpy(path + head + 1, name, tail);
    }
    return path;
}

static status write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return ERR_RESOURCE;
        }
        data += n;
        len -= (size_t)n;
    }
    return OK;
}

static void sync_directory(const char *path)
{
    char *dir = mem_strdup(path);
    if (!dir) {
        return;
    }
    char *slash = strrchr(dir, '/');
    if (slash) {
        *slash = '\0';
    }
    const int fd = open(slash ? (*dir ? dir : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    mem_free(dir);
}

status file_write(const char *path, const void *data, size_t len, unsigned mode, error *err)
{
    static const char suffix[] = ".XXXXXX";
    const size_t head = strlen(path);
    char *temp = mem_new(head + sizeof suffix, 1);
    if (!temp) {
        return error_memory(err);
    }
    memcpy(temp, path, head);
    memcpy(temp + head, suffix, sizeof suffix);

    const int fd = mkostemp(temp, O_CLOEXEC);
    status st = fd < 0 ? ERR_RESOURCE : OK;
    if (st == OK) {
        st = write_all(fd, data, len);
        if (st == OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
            st = ERR_RESOURCE;
        }
        if (close(fd) != 0 && st == OK) {
            st = ERR_RESOURCE;
        }
        if (st == OK && rename(temp, path) != 0) {
            st = ERR_RESOURCE;
        }
    }
    if (st != OK) {
        error_set(err, st, "%s: cannot be written: %s", path, strerror(errno));
        if (fd >= 0) {
            unlink(temp);
        }
    } else {
        sync_directory(path);
    }
    mem_free(temp);
    return st;
}
