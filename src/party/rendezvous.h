/** Where the channels of one session find each other: peers call one by one, each with the
 * session's id from its handshake, and whoever needs them waits here. */
#ifndef TACIT_PARTY_RENDEZVOUS_H
#define TACIT_PARTY_RENDEZVOUS_H

#include "net/channel.h"

typedef struct rendezvous rendezvous;

status rendezvous_new(rendezvous **out, error *err) MUST_USE;
void rendezvous_free(rendezvous *r); /* while nobody waits; NULL is fine */

/** Wait until somebody of this session takes c over, which is OK. Else c stays the caller's:
 * ERR_NETWORK where nobody came in time or after a stop, ERR_PROTOCOL where a channel of that role
 * and session waits already. */
status rendezvous_leave(rendezvous *r, channel *c, int64_t timeout_ms, error *err) MUST_USE;

/** Wait for the channel to the peer of that role and session. ERR_NETWORK. */
status rendezvous_meet(rendezvous *r, channel **out, role peer,
                       const uint8_t session[FRAME_SESSION_BYTES], int64_t timeout_ms,
                       error *err) MUST_USE;

/** From any thread: waiting ends, now and later. */
void rendezvous_stop(rendezvous *r);

#endif
