/** Channels over TLS 1.3 with a certificate on either side (docs/design/channels.md).
 *
 * The authority is one, pinned by its file; the peer's certificate must be signed by it, in
 * force, for both ends of TLS, and name exactly the role that is expected; nobody talks to a peer
 * that has this party's own key. No older TLS, no resumption, no early data, no renegotiation.
 */
#ifndef TACIT_NET_TLS_H
#define TACIT_NET_TLS_H

#include "net/channel.h"
#include "net/socket.h"

/** A party's own certificate and key, and the authority it believes. Read-only after it is made:
 * threads may share it. */
typedef struct identity identity;

/** From dir/ca.pem, dir/ROLE.pem and dir/ROLE.key. ERR_AUTH where a permission, the role or a date
 * is wrong or the parts do not fit each other; ERR_ARTEFACT where a file is not what it should
 * be. */
status identity_new(identity **out, const char *dir, role mine, error *err) MUST_USE;
void identity_free(identity *id);

typedef struct {
    int64_t connect_ms;   /* for TCP */
    int64_t handshake_ms; /* for TLS */
    channel_options channel;
} tls_options;

/** 10 s for either: no longer does either call take (but for the system's resolver of names), and
 * nothing else ends it, since the channel that could be cancelled is not there yet. */
tls_options tls_defaults(void);

/** Connect to a peer of that role. o NULL: the defaults. ERR_NETWORK, ERR_AUTH. */
status tls_connect(channel **out, const char *address, const identity *me, role peer,
                   const tls_options *o, error *err) MUST_USE;

/** Answer a caller, who has one of these roles. Takes fd over, whatever it returns. */
status tls_accept(channel **out, int fd, const identity *me, role_set peers, const tls_options *o,
                  error *err) MUST_USE;

#endif
