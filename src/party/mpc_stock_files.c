#define _GNU_SOURCE
#include "party/mpc_stock_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define NEW_JOURNAL MPC_JOURNAL_FILE ".new"

static status failed(const char *dir, const char *name, const char *what, error *err)
{
    const int why = errno;
    return error_set(err, why == EACCES ? ERR_AUTH : ERR_RESOURCE, "%s/%s: %s: %s", dir, name, what,
                     strerror(why));
}

/* ---- the journal as a file ---- */

static status disk_read(void *ctx, uint64_t at, void *out, size_t n, error *err)
{
    const ssize_t got = pread(*(int *)ctx, out, n, (off_t)at);
    return got == (ssize_t)n ? OK : error_set(err, ERR_ARTEFACT, "is too short");
}

static status disk_write(void *ctx, uint64_t at, const void *data, size_t n, error *err)
{
    const ssize_t done = pwrite(*(int *)ctx, data, n, (off_t)at);
    return done == (ssize_t)n ? OK
                              : error_set(err, ERR_RESOURCE, "cannot be written: %s",
                                          done < 0 ? strerror(errno) : "the disk is full");
}

static status disk_sync(void *ctx, error *err)
{
    return fdatasync(*(int *)ctx) == 0
               ? OK
               : error_set(err, ERR_RESOURCE, "cannot be synced: %s", strerror(errno));
}

static mpc_disk disk_of(int *fd)
{
    return (mpc_disk){.read = disk_read, .write = disk_write, .sync = disk_sync, .ctx = fd};
}

/* A copy of the file has another number. */
static uint64_t place_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* ---- who may use it ---- */

static status check_mode(int fd, const char *dir, const char *name, error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return failed(dir, name, "cannot be looked at", err);
    }
    if (st.st_uid != geteuid() || (st.st_mode & 077)) {
        return error_set(err, ERR_AUTH, "%s/%s: must belong to who runs this, and to nobody else",
                         dir, name);
    }
    return OK;
}

static status lock_directory(int *fd, const char *dir, error *err)
{
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0) {
        return error_set(err, ERR_ARTEFACT, "%s: %s", dir, strerror(errno));
    }
    TRY(check_mode(*fd, dir, ".", err));
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        return error_set(err, ERR_POLICY, "%s: is in use by another process", dir);
    }
    return OK;
}

static status open_file(int *fd, const mpc_stock_files *f, const char *dir, const char *name,
                        int flags, error *err)
{
    *fd = openat(f->lock, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) {
        return errno == ENOENT ? error_set(err, ERR_ARTEFACT, "%s/%s: is missing", dir, name)
                               : failed(dir, name, "cannot be opened", err);
    }
    return check_mode(*fd, dir, name, err);
}

/* ---- taking it in use ---- */

static bool exists(const mpc_stock_files *f, const char *name)
{
    return faccessat(f->lock, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static status fill_journal(mpc_stock_files *f, int chains, const char *dir, const mpc_material *m,
                           error *err)
{
    int fd = -1;
    const size_t bytes = m->n * MPC_STATE_BYTES;
    uint8_t *states = mem_new(bytes, 1);
    status st = states ? OK : error_memory(err);
    if (st == OK && (pread(chains, states, bytes, 0) != (ssize_t)bytes ||
                     lseek(chains, 0, SEEK_END) != (off_t)bytes)) {
        st =
            error_set(err, ERR_ARTEFACT, "%s/%s: must have %zu bytes", dir, MPC_CHAINS_FILE, bytes);
    }
    if (st == OK) {
        st = open_file(&fd, f, dir, NEW_JOURNAL, O_RDWR | O_CREAT | O_TRUNC, err);
    }
    if (st == OK) {
        const mpc_disk d = disk_of(&fd);
        st = mpc_journal_create(&d, m->id, place_of(fd), m->n,
                                (const uint8_t(*)[MPC_STATE_BYTES])states, err);
    }
    if (st == OK &&
        (renameat(f->lock, NEW_JOURNAL, f->lock, MPC_JOURNAL_FILE) != 0 || fsync(f->lock) != 0)) {
        st = failed(dir, MPC_JOURNAL_FILE, "cannot be made", err);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (states) {
        mem_wipe(states, bytes);
    }
    mem_free(states);
    return st;
}

/* The chains' beginnings are in the journal now, or have been moved on from there. */
static status erase_chains(const mpc_stock_files *f, int chains, const char *dir, size_t bytes,
                           error *err)
{
    uint8_t *zeros = mem_new(bytes, 1);
    if (!zeros) {
        return error_memory(err);
    }
    const bool done = pwrite(chains, zeros, bytes, 0) == (ssize_t)bytes && fsync(chains) == 0 &&
                      unlinkat(f->lock, MPC_CHAINS_FILE, 0) == 0 && fsync(f->lock) == 0;
    mem_free(zeros);
    return done ? OK : failed(dir, MPC_CHAINS_FILE, "cannot be erased", err);
}

static status adopt(mpc_stock_files *f, const char *dir, const mpc_material *m, error *err)
{
    int chains;
    if (!exists(f, MPC_CHAINS_FILE)) {
        return OK;
    }
    TRY(open_file(&chains, f, dir, MPC_CHAINS_FILE, O_RDWR, err));
    status st = exists(f, MPC_JOURNAL_FILE) ? OK : fill_journal(f, chains, dir, m, err);
    if (st == OK) {
        st = erase_chains(f, chains, dir, m->n * MPC_STATE_BYTES, err);
    }
    close(chains);
    return st;
}

static status open_all(mpc_stock_files *f, mpc_journal **journal, const char *dir,
                       const mpc_material *m, error *err)
{
    TRY(lock_directory(&f->lock, dir, err));
    TRY(adopt(f, dir, m, err));
    if (m->who == ROLE_SERVER1) {
        TRY(open_file(&f->words, f, dir, MPC_WORDS_FILE, O_RDONLY, err));
    }
    TRY(open_file(&f->journal, f, dir, MPC_JOURNAL_FILE, O_RDWR, err));
    const mpc_disk d = disk_of(&f->journal);
    const status st = mpc_journal_open(journal, &d, m->id, place_of(f->journal), m->n, err);
    if (st != OK) {
        error_prefix(err, "%s/%s", dir, MPC_JOURNAL_FILE);
    }
    return st;
}

status mpc_stock_files_open(mpc_stock_files *out, mpc_journal **journal, const char *dir,
                            const mpc_material *m, error *err)
{
    *out = (mpc_stock_files){.lock = -1, .journal = -1, .words = -1};
    *journal = NULL;
    const status st = open_all(out, journal, dir, m, err);
    if (st != OK) {
        mpc_stock_files_close(out);
    }
    return st;
}

void mpc_stock_files_close(mpc_stock_files *f)
{
    int *const all[] = {&f->words, &f->journal, &f->lock}; /* the lock last */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0) {
            close(*all[i]);
        }
        *all[i] = -1;
    }
}
