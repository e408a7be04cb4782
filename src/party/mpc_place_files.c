#define _GNU_SOURCE
#include "party/mpc_place_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "party/mpc_sharing.h"

enum { PATH_BYTES = 300 };

/* A walk over a directory and those in it: what is done with each file. */
typedef struct walk walk;
typedef status visit_fn(const walk *w, const char *name, const struct stat *st, error *err);
struct walk {
    visit_fn *visit;
    const char *top, *inside; /* the name of the sub-directory, or NULL */
    role who;
    int fd;
};

static status unreadable(const char *path, error *err)
{
    const int why = errno;
    return error_set(err, why == EACCES ? ERR_AUTH : ERR_ARTEFACT, "%s: %s", path, strerror(why));
}

static status walk_directory(const walk *parent, const char *name, error *err);

static status visit_entry(const walk *w, const char *name, error *err)
{
    struct stat st;
    if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return unreadable(name, err);
    }
    TRY(w->visit(w, name, &st, err));
    return S_ISDIR(st.st_mode) ? walk_directory(w, name, err) : OK;
}

static status each_entry(const walk *w, error *err)
{
    DIR *list = fdopendir(dup(w->fd));
    if (!list) {
        return unreadable(w->top, err);
    }
    status st = OK;
    const struct dirent *e;
    while (st == OK && (e = readdir(list))) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            st = visit_entry(w, e->d_name, err);
        }
    }
    closedir(list);
    return st;
}

static status walk_directory(const walk *parent, const char *name, error *err)
{
    walk w = *parent;
    w.inside = name;
    w.fd = openat(parent->fd, name ? name : parent->top,
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (w.fd < 0) {
        return unreadable(name ? name : parent->top, err);
    }
    const status st = each_entry(&w, err);
    close(w.fd);
    return st;
}

/* ---- what may be there ---- */

static bool listed(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static bool belongs(const walk *w, const char *name, const struct stat *st)
{
    static const char *const all[] = {
        "config.json", "model.safetensors", /* constants; its tensors are looked at */
        MPC_PLAN_FILE, MPC_SHARING_FILE,    "LICENSE",
        "NOTICE",      "modules.json",      "sentence_bert_config.json",
        NULL};
    static const char *const server[] = {MPC_MASKED_FILE, MPC_SEED_FILE, NULL};
    static const char *const dealer[] = {"seed0", "seed1", NULL};
    if (S_ISDIR(st->st_mode)) {
        return !w->inside; /* of a pooling module */
    }
    if (w->inside) {
        return strcmp(name, "config.json") == 0;
    }
    return listed(all, name) || listed(w->who == ROLE_DEALER ? dealer : server, name);
}

static status check_mode(const char *path, const struct stat *st, error *err)
{
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) {
        return error_set(err, ERR_AUTH, "%s: is no regular file", path);
    }
    if (st->st_uid != geteuid()) {
        return error_set(err, ERR_AUTH, "%s: belongs to user %ju, not to user %ju, who runs this",
                         path, (uintmax_t)st->st_uid, (uintmax_t)geteuid());
    }
    if (st->st_mode & 077) {
        return error_set(err, ERR_AUTH, "%s: others may use it (mode %03o): chmod %s it", path,
                         (unsigned)st->st_mode & 0777, S_ISDIR(st->st_mode) ? "700" : "600");
    }
    return OK;
}

static status check(const walk *w, const char *name, const struct stat *st, error *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.160s/%.60s%s%.60s", w->top, w->inside ? w->inside : "",
             w->inside ? "/" : "", name);
    if (!belongs(w, name, st)) {
        return error_set(err, ERR_POLICY,
                         "%s: has no place in the directory of %s, which holds no weights in the "
                         "clear and nothing else that it has no use for",
                         path, role_name(w->who));
    }
    return check_mode(path, st, err);
}

status mpc_place_check_files(const char *dir, role who, error *err)
{
    struct stat st;
    if (lstat(dir, &st) != 0) {
        return unreadable(dir, err);
    }
    if (!S_ISDIR(st.st_mode)) {
        return error_set(err, ERR_ARTEFACT, "%s: is no directory", dir);
    }
    const walk w = {.visit = check, .top = dir, .who = who, .fd = AT_FDCWD};
    TRY(walk_directory(&w, NULL, err)); /* a clear model is to be refused for what it is */
    return check_mode(dir, &st, err);
}

static status narrow(const walk *w, const char *name, const struct stat *st, error *err)
{
    if (fchmodat(w->fd, name, S_ISDIR(st->st_mode) ? 0700 : 0600, 0) != 0) {
        return error_set(err, ERR_RESOURCE, "%s: its mode cannot be set: %s", name,
                         strerror(errno));
    }
    return OK;
}

status mpc_place_make_private(const char *dir, error *err)
{
    if (chmod(dir, 0700) != 0) {
        return error_set(err, ERR_RESOURCE, "%s: its mode cannot be set: %s", dir, strerror(errno));
    }
    const walk w = {.visit = narrow, .top = dir, .fd = AT_FDCWD};
    return walk_directory(&w, NULL, err);
}
