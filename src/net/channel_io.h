/** Inside of a channel, for the files channel*.c and handshake.c. */
#ifndef TACIT_NET_CHANNEL_IO_H
#define TACIT_NET_CHANNEL_IO_H

#include "net/channel.h"

/* A header and the beginning of its payload leave together: short frames are one record of TLS. */
enum { STAGE_BYTES = 16384, CHANNEL_ABORT_BYTES = 4 };

struct channel {
    transport *transport;
    role mine, peer;
    channel_options options;
    frame_key *send_key, *receive_key;
    uint8_t session[FRAME_SESSION_BYTES];
    uint64_t to_send, to_receive; /* numbers of the next frames */
    emulated_link out_link, in_link;
    int64_t patience_from; /* emulated: the peer cannot have our last frame before */
    frame_header current;  /* received by channel_next, its payload still to come */
    bool has_current, has_sent, closed;
    bool sending;  /* part of a frame may have left */
    error failure; /* code OK while there is none */
    channel_counters count;
    uint8_t stage[STAGE_BYTES];
};

/** Something on its way out: two pieces, one behind the other. */
typedef struct {
    const uint8_t *piece[2];
    size_t left[2];
    int64_t until;
} outgoing;

/** Something expected. */
typedef struct {
    uint8_t *at;
    size_t left;
    int64_t until;
    bool begun; /* part of the frame is here already */
} incoming;

/** Put a frame's header and the beginning of its payload onto the stage, and count it. */
outgoing channel_start(channel *c, uint32_t op, const void *data, size_t len);
bool channel_owns_op(uint32_t op);
void channel_count_frame(channel_traffic *t, uint64_t len);

/** Move bytes until `in` is complete or, where it is NULL, until `out` is; the other one goes on
 * meanwhile. Either may be NULL. */
status channel_pump(channel *c, outgoing *out, incoming *in, error *err) MUST_USE;

/** Note the channel's first failure, with the peer's name before it. Returns code. */
status channel_fail(channel *c, error *err, status code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** OK, or the failure that has ended the channel. */
status channel_check(const channel *c, error *err) MUST_USE;

/** Until when a payload must be through. */
int64_t channel_deadline(const channel *c, uint64_t len);

/** Wait until an emulated network would have delivered; cancel ends it. */
status channel_sleep(channel *c, int64_t until, error *err) MUST_USE;

#endif
