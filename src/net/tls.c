#include "net/tls.h"

#include "net/tls_identity.h"

tls_options tls_defaults(void)
{
    return (tls_options){.connect_ms = 10000, .handshake_ms = 10000, .channel = channel_defaults()};
}

/* "cloud" or, where several may call, "owner or developer". */
static const char *names_of(char *out, size_t room, role_set roles)
{
    size_t at = 0;
    out[0] = '\0';
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        if (role_in(roles, r) && at < room) {
            at += (size_t)snprintf(out + at, room - at, "%s%s", at ? " or " : "", role_name(r));
        }
    }
    return out;
}

static status open_channel(channel **out, int fd, const identity *me, role_set peers,
                           bool is_server, const tls_options *o, error *err)
{
    transport *t;
    TRY(tls_transport_new(&t, fd, me, is_server, err));
    peer_check check = {.me = me, .expected = peers};
    const status st = tls_transport_handshake(t, &check, o->handshake_ms, err);
    if (st != OK) {
        char names[128];
        error_prefix(err, "%s", names_of(names, sizeof names, peers));
        t->ops->close(t);
        t->ops->free(t);
        return st;
    }
    return channel_new(out, t, me->mine, check.found, &o->channel, err);
}

status tls_connect(channel **out, const char *address, const identity *me, role peer,
                   const tls_options *o, error *err)
{
    const tls_options defaults = tls_defaults();
    *out = NULL;
    o = o ? o : &defaults;
    int fd;
    const status st = socket_connect(&fd, address, o->connect_ms, err);
    if (st != OK) {
        error_prefix(err, "%s", role_name(peer));
        return st;
    }
    return open_channel(out, fd, me, role_only(peer), false, o, err);
}

status tls_accept(channel **out, int fd, const identity *me, role_set peers, const tls_options *o,
                  error *err)
{
    const tls_options defaults = tls_defaults();
    *out = NULL;
    return open_channel(out, fd, me, peers, true, o ? o : &defaults, err);
}
