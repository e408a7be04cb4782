/** Inside of an identity, for the files tls*.c. */
#ifndef TACIT_NET_TLS_IDENTITY_H
#define TACIT_NET_TLS_IDENTITY_H

#include <openssl/ssl.h>

#include "net/tls.h"

struct identity {
    role mine;
    SSL_CTX *context;
    X509 *ca, *certificate;
    EVP_PKEY *key;
};

/** Who may be at the other end, and who is: attached to an SSL while its handshake lasts. */
typedef struct {
    const identity *me;
    role_set expected;
    role found;
    uint8_t key_hash[32];
    error why; /* code OK while nothing is wrong with the peer's certificate */
} peer_check;

/** OpenSSL's callback on a peer's certificate. */
int tls_verify_peer(int fine, X509_STORE_CTX *store);

/** A transport over a connected socket, which it takes over, whatever it returns; the handshake is
 * still to be done. */
status tls_transport_new(transport **out, int fd, const identity *me, bool is_server,
                         error *err) MUST_USE;

/** Do the handshake by that time. */
status tls_transport_handshake(transport *t, peer_check *check, int64_t timeout_ms,
                               error *err) MUST_USE;

#endif
