/* How frames leave. */
#include <string.h>

#include "net/channel_io.h"
#include "net/clock.h"
#include "net/wire.h"

/* How long a farewell may take. */
enum { FAREWELL_MS = 1000 };

outgoing channel_start(channel *c, uint32_t op, const void *data, size_t len)
{
    frame_header h = {
        .from = (uint8_t)c->mine,
        .to = (uint8_t)c->peer,
        .number = c->to_send++,
        .len = len,
        .op = op,
    };
    memcpy(h.session, c->session, FRAME_SESSION_BYTES);
    if (c->options.network != NETWORK_LOCAL) {
        h.sent_ns = (uint64_t)clock_ns();
        c->patience_from = link_deliver(&c->out_link, (int64_t)h.sent_ns, FRAME_HEADER_BYTES + len);
    }
    if (!c->transport->authentic) {
        frame_tag(c->send_key, h.payload_tag, h.number, data, len);
    }
    frame_seal(c->send_key, c->stage, &h);
    const size_t room = STAGE_BYTES - FRAME_HEADER_BYTES, first = len < room ? len : room;
    if (first > 0) {
        memcpy(c->stage + FRAME_HEADER_BYTES, data, first);
    }
    channel_count_frame(&c->count.sent, len);
    c->has_sent = c->sending = true;
    return (outgoing){
        .piece = {c->stage, len > first ? (const uint8_t *)data + first : NULL},
        .left = {FRAME_HEADER_BYTES + first, len - first},
        .until = channel_deadline(c, len),
    };
}

bool channel_owns_op(uint32_t op)
{
    return op < FRAME_FIRST_OP && op != FRAME_HELLO;
}

status channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err)
{
    CHECK(!channel_owns_op(op) && len <= FRAME_MAX_BYTES);
    TRY(channel_check(c, err));
    outgoing o = channel_start(c, op, data, len);
    return channel_pump(c, &o, NULL, err);
}

/* A last frame, if the peer takes it and is not in the middle of another; then hang up. */
static void farewell(channel *c, uint32_t op, const uint8_t *data, size_t len)
{
    if (c->closed) {
        return;
    }
    c->closed = true;
    if (!c->sending && (c->failure.code == OK || op == FRAME_ABORT)) {
        c->failure.code = OK;
        if (c->options.timeout_ms > FAREWELL_MS) {
            c->options.timeout_ms = FAREWELL_MS;
        }
        c->patience_from = 0;
        outgoing o = channel_start(c, op, data, len);
        if (channel_pump(c, &o, NULL, NULL) != OK) {
            c->failure.code = OK; /* it has heard of it some other way */
        }
    }
    c->transport->ops->close(c->transport);
    channel_fail(c, NULL, ERR_NETWORK, "the channel is closed");
}

void channel_close(channel *c)
{
    farewell(c, FRAME_CLOSE, NULL, 0);
}

void channel_abort(channel *c, status why)
{
    uint8_t code[CHANNEL_ABORT_BYTES];
    wire_put_u32(code, (uint32_t)-why);
    farewell(c, FRAME_ABORT, code, sizeof code);
}
