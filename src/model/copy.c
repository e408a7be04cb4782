#define _GNU_SOURCE
#include "model/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

static status failed(const char *path, const char *what, error *err)
{
    return error_set(err, ERR_RESOURCE, "%s: %s: %s", path, what, strerror(errno));
}

/* The directory of dst and its last part, without slashes at the end. */
static status split(text *parent, text *name, const char *dst)
{
    size_t len = strlen(dst);
    while (len > 1 && dst[len - 1] == '/') {
        len--;
    }
    size_t at = len;
    while (at > 0 && dst[at - 1] != '/') {
        at--;
    }
    TRY(at == 0 ? text_append(parent, "./", 2) : text_append(parent, dst, at));
    return text_append(name, dst + at, len - at);
}

static status make_hidden(char **temp, const char *parent, const char *name, error *err)
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        text path = {0};
        if (text_printf(&path, "%s.%s.%d-%u", parent, name, (int)getpid(), attempt) != OK) {
            return error_memory(err);
        }
        if (mkdir(path.bytes, 0777) == 0) {
            *temp = path.bytes;
            return OK;
        }
        const bool taken = errno == EEXIST;
        const status st = taken ? OK : failed(path.bytes, "cannot be made", err);
        text_clear(&path);
        TRY(st);
    }
    return error_set(err, ERR_RESOURCE, "%s: no free name beside %s", parent, name);
}

status copy_begin(char **temp, const char *dst, error *err)
{
    *temp = NULL;
    struct stat st;
    if (lstat(dst, &st) == 0) {
        return error_set(err, ERR_USAGE, "%s: exists already", dst);
    }
    text parent = {0}, name = {0};
    status result = split(&parent, &name, dst) == OK ? OK : error_memory(err);
    if (result == OK) {
        result = make_hidden(temp, parent.bytes, name.bytes, err);
    }
    text_clear(&parent);
    text_clear(&name);
    return result;
}

static bool sync_dir(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Not every file system can tell at once whether dst exists. */
static bool rename_new(const char *temp, const char *dst)
{
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, dst, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    struct stat st;
    if (lstat(dst, &st) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(temp, dst) == 0;
}

status copy_end(const char *temp, const char *dst, error *err)
{
    if (!sync_dir(temp)) {
        return failed(temp, "cannot be synced", err);
    }
    if (!rename_new(temp, dst)) {
        return failed(dst, "cannot be made", err);
    }
    text parent = {0}, name = {0};
    if (split(&parent, &name, dst) == OK) {
        sync_dir(parent.bytes); /* the directory is whole in any case */
    }
    text_clear(&parent);
    text_clear(&name);
    return OK;
}

static void empty_directory(int fd);

static bool remove_entry(int dir, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return false;
    }
    if (unlinkat(dir, name, 0) == 0) {
        return true;
    }
    const int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    empty_directory(fd);
    close(fd);
    return unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

/* Takes no memory: where that is lacking is where there is something to remove. */
static void empty_directory(int fd)
{
    union {
        char bytes[4096];
        struct dirent64 align;
    } buffer = {{0}}; /* MemorySanitizer does not see the kernel write */
    for (bool removed = true; removed;) {
        removed = false;
        lseek(fd, 0, SEEK_SET);
        const ssize_t n = getdents64(fd, buffer.bytes, sizeof buffer.bytes);
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *e = (const struct dirent64 *)(const void *)(buffer.bytes + at);
            removed |= remove_entry(fd, e->d_name);
            at += e->d_reclen;
        }
    }
}

void copy_abandon(const char *temp)
{
    const int fd = open(temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        empty_directory(fd);
        close(fd);
    }
    rmdir(temp);
}

static bool copy_bytes(int out, int in, size_t len)
{
    char buffer[1 << 16];
    while (len > 0) {
        const ssize_t n = copy_file_range(in, NULL, out, NULL, len, 0);
        if (n <= 0) {
            break; /* not between these file systems */
        }
        len -= (size_t)n;
    }
    while (len > 0) {
        const ssize_t n = read(in, buffer, sizeof buffer);
        if (n <= 0) {
            return false;
        }
        for (ssize_t done = 0; done < n;) {
            const ssize_t m = write(out, buffer + done, (size_t)(n - done));
            if (m <= 0) {
                return false;
            }
            done += m;
        }
        len -= (size_t)n < len ? (size_t)n : len;
    }
    return fsync(out) == 0;
}

status copy_file(const char *dst, const char *src, error *err)
{
    const int in = open(src, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (in < 0 || fstat(in, &st) != 0 || !S_ISREG(st.st_mode)) {
        const status result = error_set(err, ERR_ARTEFACT, "%s: cannot be read", src);
        if (in >= 0) {
            close(in);
        }
        return result;
    }
    const int out = open(dst, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok = out >= 0 && copy_bytes(out, in, (size_t)st.st_size);
    const status result = ok ? OK : failed(dst, "cannot be written", err);
    if (out >= 0) {
        close(out);
    }
    close(in);
    return result;
}

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

static bool is_text(const char *name)
{
    static const char *const endings[] = {".json", ".txt", ".model", ".jinja", ".md"};
    if (strcmp(name, "LICENSE") == 0 || strcmp(name, "NOTICE") == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_with(name, endings[i])) {
            return true;
        }
    }
    return false;
}

static status copy_level(const char *dst, const char *src, bool top, error *err);

static status copy_folder(const char *dst, const char *src, error *err)
{
    char *config = file_join(src, "config.json");
    const bool wanted = config && file_exists(config);
    const bool lacking = !config;
    mem_free(config);
    if (lacking) {
        return error_memory(err);
    }
    if (!wanted) {
        return OK;
    }
    if (mkdir(dst, 0777) != 0) {
        return failed(dst, "cannot be made", err);
    }
    return copy_level(dst, src, false, err);
}

static status copy_entry(const char *dst_dir, const char *src_dir, const char *name, bool top,
                         error *err)
{
    const bool own = top && (strcmp(name, "config.json") == 0 || ends_with(name, ".index.json"));
    if (name[0] == '.' || own) {
        return OK;
    }
    char *dst = file_join(dst_dir, name), *src = file_join(src_dir, name);
    status st = dst && src ? OK : error_memory(err);
    if (st == OK && file_is_directory(src)) {
        st = top ? copy_folder(dst, src, err) : OK;
    } else if (st == OK && is_text(name)) {
        st = copy_file(dst, src, err);
    }
    mem_free(dst);
    mem_free(src);
    return st;
}

static status copy_level(const char *dst, const char *src, bool top, error *err)
{
    DIR *d = opendir(src);
    if (!d) {
        return file_unreadable(src, err);
    }
    status st = OK;
    for (const struct dirent *e; st == OK && (e = readdir(d)) != NULL;) {
        st = copy_entry(dst, src, e->d_name, top, err);
    }
    closedir(d);
    if (st == OK && !sync_dir(dst)) {
        st = failed(dst, "cannot be synced", err);
    }
    return st;
}

status copy_surroundings(const char *dst_dir, const char *src_dir, error *err)
{
    return copy_level(dst_dir, src_dir, true, err);
}
