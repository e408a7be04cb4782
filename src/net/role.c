#include "net/role.h"

#include <string.h>

static const char *const names[ROLE_END] = {
    [ROLE_NONE] = "nobody",   [ROLE_DEVELOPER] = "developer", [ROLE_OWNER] = "owner",
    [ROLE_CLOUD] = "cloud",   [ROLE_SERVER0] = "server0",     [ROLE_SERVER1] = "server1",
    [ROLE_DEALER] = "dealer", [ROLE_HE_SERVER] = "he-server",
};

const char *role_name(role r)
{
    return names[r > ROLE_NONE && r < ROLE_END ? r : ROLE_NONE];
}

role role_find(const char *name, size_t len)
{
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        if (strlen(names[r]) == len && memcmp(names[r], name, len) == 0) {
            return r;
        }
    }
    return ROLE_NONE;
}

status role_parse_set(role_set *out, const char *list, error *err)
{
    role_set set = 0;
    for (const char *at = list;; at++) {
        const size_t len = strcspn(at, ",");
        const role r = role_find(at, len);
        if (r == ROLE_NONE) {
            return error_set(err, ERR_USAGE,
                             "'%.*s' is no role; there are developer, owner, cloud, server0, "
                             "server1, dealer and he-server",
                             len < 64 ? (int)len : 64, at);
        }
        if (role_in(set, r)) {
            return error_set(err, ERR_USAGE, "the role %s comes twice", names[r]);
        }
        set |= role_only(r);
        at += len;
        if (*at == '\0') {
            *out = set;
            return OK;
        }
    }
}
