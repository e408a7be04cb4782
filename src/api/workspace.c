#define _GNU_SOURCE
#include "api/workspace.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

status workspace_new(workspace *w, error *err)
{
    const char *temp = getenv("TMPDIR");
    *w = (workspace){.root = file_join(temp && *temp ? temp : "/tmp", "tacit-XXXXXX")};
    if (!w->root) {
        return error_memory(err);
    }
    if (!mkdtemp(w->root)) {
        const status st = error_set(err, ERR_RESOURCE, "%s: %s", w->root, strerror(errno));
        mem_free(w->root);
        *w = (workspace){0};
        return st;
    }
    w->cloud = file_join(w->root, "cloud");
    w->owner = file_join(w->root, "owner");
    if (!w->cloud || !w->owner) {
        workspace_remove(w);
        return error_memory(err);
    }
    return OK;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)where;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

void workspace_remove(workspace *w)
{
    if (w->root) {
        nftw(w->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    mem_free(w->root);
    mem_free(w->cloud);
    mem_free(w->owner);
    *w = (workspace){0};
}
