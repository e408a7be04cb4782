/** A channel: frames between two parties, in order, each of them whole or refused.
 *
 * It belongs to one thread at a time, but for channel_cancel. Its first failure ends it: every
 * later call gives the same error. Errors begin with the peer's role and say what the peer did:
 * ERR_NETWORK where it went away, was too slow or gave up, ERR_AUTH where it could not show who it
 * is, ERR_PROTOCOL where it broke the protocol.
 *
 * A call ends at the latest after the channel's time-out, and for a payload one second more for
 * every min_rate bytes of it.
 */
#ifndef TACIT_NET_CHANNEL_H
#define TACIT_NET_CHANNEL_H

#include "base/arena.h"
#include "net/emulate.h"
#include "net/frame.h"
#include "net/role.h"
#include "net/transport.h"

typedef struct channel channel;

typedef struct {
    int64_t timeout_ms; /* until a frame has begun and its header is there, and so on */
    uint64_t min_rate;  /* bytes a second that a payload makes at least */
    network network;    /* emulated; the same at both ends */
} channel_options;

/** 30 s, 64 KiB/s, the network that is there. */
channel_options channel_defaults(void);

/** A channel over a transport, which it takes over, whatever it returns. o NULL: the defaults. */
status channel_new(channel **out, transport *t, role mine, role peer, const channel_options *o,
                   error *err) MUST_USE;
/** Two ends in one process, for a thread each, between the roles a and b. */
status channel_pair(channel *out[2], role a, role b, const channel_options *o, error *err) MUST_USE;
/** Close it where that has not been done, and give it back. */
void channel_free(channel *c);

/** Say that nothing more comes, and hang up. Takes at most a second. */
void channel_close(channel *c);
/** Hang up because of a failure; the peer learns its class, no more. */
void channel_abort(channel *c, status why);
/** From any thread: what the channel's thread is at, and whatever it begins, ends with
 * ERR_NETWORK. */
void channel_cancel(channel *c);

/** For the frames that follow. timeout_ms > 0. */
void channel_set_timeout(channel *c, int64_t timeout_ms);

role channel_role(const channel *c);
network channel_network(const channel *c);
role channel_peer(const channel *c);
/** SHA-256 of the peer's public key; zeros in memory, where it has none. Two peers that claim to
 * be different parties must not share one. */
const uint8_t *channel_peer_key(const channel *c);
/** What every later frame, sent or received, belongs to. */
void channel_set_session(channel *c, const uint8_t session[FRAME_SESSION_BYTES]);
const uint8_t *channel_session(const channel *c);

/** Send one frame. op >= FRAME_FIRST_OP, or FRAME_HELLO. */
status channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err) MUST_USE;

/** Receive the frame `op`, whose payload has exactly len bytes. */
status channel_receive(channel *c, uint32_t op, void *out, size_t len, error *err) MUST_USE;

/** Receive the frame `op` of at most max bytes into the arena: no memory is taken before its
 * length is known to be allowed. *out holds *len bytes, and is not NULL. */
status channel_receive_arena(channel *c, uint32_t op, size_t max, arena *a, uint8_t **out,
                             size_t *len, error *err) MUST_USE;

/** Send `mine` and receive `theirs` at the same time, both as op: neither end waits for the other
 * to have read. One round. */
status channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                    size_t n_theirs, error *err) MUST_USE;

/** A frame that may come next. */
typedef struct {
    uint32_t op;
    size_t max; /* bytes of its payload */
} channel_allowed;

/** Wait for one of n frames; *op and *len say which and how long. channel_payload must follow,
 * with memory for exactly *len bytes; what it leaves there is to be used only where it is OK. */
status channel_next(channel *c, const channel_allowed *allowed, size_t n, uint32_t *op, size_t *len,
                    error *err) MUST_USE;
status channel_payload(channel *c, void *out, error *err) MUST_USE;

typedef struct {
    uint64_t wire_bytes;    /* headers and payloads */
    uint64_t payload_bytes; /* payloads alone */
    uint64_t frames;
} channel_traffic;

/** What went over the channel since it began, its own frames included. What TLS and TCP put around
 * it is not counted (docs/design/channels.md says how much that is). */
typedef struct {
    channel_traffic sent, received;
    uint64_t rounds;     /* frames received that were the first after one was sent */
    uint64_t network_ns; /* emulated: what the frames received were under way, each by itself */
} channel_counters;

const channel_counters *channel_count(const channel *c);

#endif
