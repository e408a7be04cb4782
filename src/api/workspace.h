/** A folder for the parties that run inside one process: only this user may enter it, and it is
 * gone as soon as they have opened what is theirs. */
#ifndef TACIT_API_WORKSPACE_H
#define TACIT_API_WORKSPACE_H

#include "base/status.h"

typedef struct {
    char *root, *cloud, *owner; /* the folder, and two that do not exist yet below it */
} workspace;

/** Below $TMPDIR, or /tmp. */
status workspace_new(workspace *w, error *err) MUST_USE;
/** Remove the folder and all in it. */
void workspace_remove(workspace *w);

#endif
