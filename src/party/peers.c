#include "party/peers.h"

#include <string.h>

/* "server1=HOST:PORT,dealer=HOST:PORT" */
static void pattern(char *out, size_t room, role_set wanted)
{
    size_t used = 0;
    out[0] = '\0';
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        if (role_in(wanted, r) && used < room) {
            used += (size_t)snprintf(out + used, room - used, "%s%s=HOST:PORT", used ? "," : "",
                                     role_name(r));
        }
    }
}

static bool take(peers *out, const char *at, size_t len, role_set wanted)
{
    const char *equals = memchr(at, '=', len);
    const role r = equals ? role_find(at, (size_t)(equals - at)) : ROLE_NONE;
    const size_t rest = equals ? len - (size_t)(equals + 1 - at) : 0;
    if (r == ROLE_NONE || !role_in(wanted, r) || out->address[r][0] || rest == 0 ||
        rest >= PEER_ADDRESS_BYTES) {
        return false;
    }
    memcpy(out->address[r], equals + 1, rest);
    return true;
}

status peers_parse(peers *out, const char *list, role_set wanted, error *err)
{
    char must[160];
    bool good = true;
    *out = (peers){0};
    for (const char *at = list ? list : ""; good && *at;) {
        const size_t len = strcspn(at, ",");
        good = take(out, at, len, wanted) && (at[len] == '\0' || at[len + 1] != '\0');
        at += len + (at[len] == ',');
    }
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        good = good && (!role_in(wanted, r) || out->address[r][0]);
    }
    pattern(must, sizeof must, wanted);
    return good ? OK
                : error_set(err, ERR_USAGE, "peers '%.100s': must be %s", list ? list : "",
                            must[0] ? must : "none");
}
