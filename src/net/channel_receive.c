/* How frames arrive. */
#include <string.h>

#include "net/channel_io.h"
#include "net/clock.h"
#include "net/wire.h"

static status check_place(channel *c, const frame_header *h, error *err)
{
    if (memcmp(h->session, c->session, FRAME_SESSION_BYTES) != 0) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju belongs to another session",
                            (uintmax_t)h->number);
    }
    if (h->from != c->peer || h->to != c->mine) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju goes from %s to %s, not from %s to %s",
                            (uintmax_t)h->number, role_name(h->from), role_name(h->to),
                            role_name(c->peer), role_name(c->mine));
    }
    if (h->number < c->to_receive) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju repeated", (uintmax_t)h->number);
    }
    if (h->number > c->to_receive) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju is missing, %ju came",
                            (uintmax_t)c->to_receive, (uintmax_t)h->number);
    }
    if ((h->sent_ns != 0) != (c->options.network != NETWORK_LOCAL)) {
        return channel_fail(c, err, ERR_PROTOCOL, "emulates %s network, this party does not",
                            h->sent_ns ? "a slower" : "no");
    }
    return OK;
}

static status take_header(channel *c, outgoing *o, frame_header *h, error *err)
{
    uint8_t bytes[FRAME_HEADER_BYTES];
    incoming in = {.at = bytes, .left = sizeof bytes, .until = channel_deadline(c, 0)};
    TRY(channel_pump(c, o, &in, err));
    error why = {0};
    if (frame_open(c->receive_key, h, bytes, &why) != OK) {
        return channel_fail(c, err, why.code, "%s", why.text);
    }
    return check_place(c, h, err);
}

/* An emulated network holds a frame until its time. A peer cannot put that off: what claims to
 * have been sent later than now was sent now. */
static status hold(channel *c, const frame_header *h, error *err)
{
    if (c->options.network == NETWORK_LOCAL) {
        return OK;
    }
    const uint64_t bytes = FRAME_HEADER_BYTES + h->len;
    const int64_t now = clock_ns();
    const int64_t sent = h->sent_ns < (uint64_t)now ? (int64_t)h->sent_ns : now;
    c->count.network_ns += (uint64_t)link_cost(&c->in_link, bytes);
    return channel_sleep(c, link_deliver(&c->in_link, sent, bytes), err);
}

static status take_payload(channel *c, outgoing *o, const frame_header *h, void *out, error *err)
{
    incoming in = {
        .at = out, .left = (size_t)h->len, .until = channel_deadline(c, h->len), .begun = true};
    TRY(channel_pump(c, o, &in, err));
    uint8_t tag[FRAME_TAG_BYTES] = {0};
    if (!c->transport->authentic) {
        frame_tag(c->receive_key, tag, h->number, out, (size_t)h->len);
    }
    if (!frame_same_tag(tag, h->payload_tag)) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju was altered on the way",
                            (uintmax_t)h->number);
    }
    if (o) { /* before an emulated network makes this end wait: the other one is waiting too */
        TRY(channel_pump(c, o, NULL, err));
    }
    TRY(hold(c, h, err));
    c->to_receive++;
    channel_count_frame(&c->count.received, h->len);
    c->count.rounds += c->has_sent;
    c->has_sent = false;
    return OK;
}

/* The peer's farewell in place of what was expected. */
static status hear_farewell(channel *c, const frame_header *h, error *err)
{
    static const char *const classes[] = {
        "of its own",          "internal",         "usage",
        "file or input",       "network",          "authentication or permission",
        "protocol or version", "out of resources", "policy",
        "precision",
    };
    uint8_t code[CHANNEL_ABORT_BYTES] = {0};
    const size_t len = h->op == FRAME_ABORT ? CHANNEL_ABORT_BYTES : 0;
    if (h->len != len) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju: a farewell of %ju bytes",
                            (uintmax_t)h->number, (uintmax_t)h->len);
    }
    TRY(take_payload(c, NULL, h, code, err));
    if (h->op == FRAME_CLOSE) {
        return channel_fail(c, err, ERR_NETWORK, "ended the session");
    }
    const uint32_t class = wire_get_u32(code);
    return channel_fail(c, err, ERR_NETWORK, "gave up (its error: %s)",
                        classes[class < sizeof classes / sizeof *classes ? class : 0]);
}

static status check_allowed(channel *c, const frame_header *h, const channel_allowed *allowed,
                            size_t n, error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (allowed[i].op == h->op) {
            if (h->len > allowed[i].max) {
                return channel_fail(c, err, ERR_PROTOCOL, "frame %ju: %ju bytes, at most %zu",
                                    (uintmax_t)h->number, (uintmax_t)h->len, allowed[i].max);
            }
            return OK;
        }
    }
    return channel_fail(c, err, ERR_PROTOCOL, "frame %ju: op %u is not expected here",
                        (uintmax_t)h->number, (unsigned)h->op);
}

/* The next header, which is one of those allowed. */
static status expect(channel *c, outgoing *o, const channel_allowed *allowed, size_t n,
                     frame_header *h, error *err)
{
    CHECK(!c->has_current);
    TRY(channel_check(c, err));
    TRY(take_header(c, o, h, err));
    if (h->op == FRAME_CLOSE || h->op == FRAME_ABORT) {
        return hear_farewell(c, h, err);
    }
    return check_allowed(c, h, allowed, n, err);
}

static status check_length(channel *c, const frame_header *h, size_t len, error *err)
{
    if (h->len != len) {
        return channel_fail(c, err, ERR_PROTOCOL, "frame %ju: %ju bytes, not %zu",
                            (uintmax_t)h->number, (uintmax_t)h->len, len);
    }
    return OK;
}

status channel_receive(channel *c, uint32_t op, void *out, size_t len, error *err)
{
    frame_header h;
    TRY(expect(c, NULL, &(channel_allowed){op, len}, 1, &h, err));
    TRY(check_length(c, &h, len, err));
    return take_payload(c, NULL, &h, out, err);
}

status channel_receive_arena(channel *c, uint32_t op, size_t max, arena *a, uint8_t **out,
                             size_t *len, error *err)
{
    frame_header h;
    TRY(expect(c, NULL, &(channel_allowed){op, max}, 1, &h, err));
    *len = (size_t)h.len;
    *out = arena_take(a, *len ? *len : 1, 1);
    if (!*out) {
        error_memory(err);
        return channel_fail(c, err, ERR_RESOURCE, "no memory for its frame of %zu bytes", *len);
    }
    return take_payload(c, NULL, &h, *out, err);
}

status channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                    size_t n_theirs, error *err)
{
    CHECK(!channel_owns_op(op) && n_mine <= FRAME_MAX_BYTES);
    TRY(channel_check(c, err));
    frame_header h;
    outgoing o = channel_start(c, op, mine, n_mine);
    TRY(expect(c, &o, &(channel_allowed){op, n_theirs}, 1, &h, err));
    TRY(check_length(c, &h, n_theirs, err));
    return take_payload(c, &o, &h, theirs, err);
}

status channel_next(channel *c, const channel_allowed *allowed, size_t n, uint32_t *op, size_t *len,
                    error *err)
{
    TRY(expect(c, NULL, allowed, n, &c->current, err));
    c->has_current = true;
    *op = c->current.op;
    *len = (size_t)c->current.len;
    return OK;
}

status channel_payload(channel *c, void *out, error *err)
{
    TRY(channel_check(c, err));
    CHECK(c->has_current);
    c->has_current = false;
    return take_payload(c, NULL, &c->current, out, err);
}
