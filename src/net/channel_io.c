#include "net/channel_io.h"

#include <stdarg.h>

#include "net/clock.h"

status channel_fail(channel *c, error *err, status code, const char *fmt, ...)
{
    if (c->failure.code == OK) {
        char text[ERROR_TEXT_BYTES];
        va_list args;
        va_start(args, fmt);
        vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        error_set(&c->failure, code, "%s: %s", role_name(c->peer), text);
    }
    return channel_check(c, err);
}

status channel_check(const channel *c, error *err)
{
    if (c->failure.code != OK) {
        return error_set(err, c->failure.code, "%s", c->failure.text);
    }
    return OK;
}

int64_t channel_deadline(const channel *c, uint64_t len)
{
    const int64_t now = clock_ns();
    const int64_t from = now > c->patience_from ? now : c->patience_from;
    const uint64_t extra_ms = len / c->options.min_rate * 1000;
    return clock_after(from, c->options.timeout_ms + (int64_t)extra_ms);
}

/* As much as the transport takes. */
static status push(channel *c, outgoing *o, bool *moved, error *err)
{
    for (size_t i = 0; o && i < 2; i++) {
        while (o->left[i] > 0) {
            size_t n = 0;
            error why = {0};
            const io_result r =
                c->transport->ops->send(c->transport, o->piece[i], o->left[i], &n, &why);
            if (r == IO_FAILED) {
                return channel_fail(c, err, why.code, "%s", why.text);
            }
            if (r != IO_DONE) {
                return OK;
            }
            o->piece[i] += n;
            o->left[i] -= n;
            *moved = true;
        }
    }
    if (o) {
        c->sending = false;
    }
    return OK;
}

/* As much as the transport has. */
static status pull(channel *c, incoming *in, bool *moved, error *err)
{
    while (in && in->left > 0) {
        size_t n = 0;
        error why = {0};
        switch (c->transport->ops->receive(c->transport, in->at, in->left, &n, &why)) {
        case IO_DONE:
            in->at += n;
            in->left -= n;
            in->begun = *moved = true;
            break;
        case IO_WAIT:
            return OK;
        case IO_END:
            return channel_fail(c, err, ERR_NETWORK,
                                in->begun ? "closed the connection in the middle of frame %ju"
                                          : "closed the connection before frame %ju",
                                (uintmax_t)c->to_receive);
        case IO_FAILED:
            return channel_fail(c, err, why.code, "%s", why.text);
        }
    }
    return OK;
}

static bool unsent(const outgoing *o)
{
    return o && o->left[0] + o->left[1] > 0;
}

static status late(channel *c, const outgoing *o, const incoming *in, error *err)
{
    const double s = (double)c->options.timeout_ms * 1e-3;
    if (!in || (unsent(o) && o->until < in->until)) {
        return channel_fail(c, err, ERR_NETWORK, "takes nothing any more (time-out of %g s)", s);
    }
    if (in->begun) {
        return channel_fail(c, err, ERR_NETWORK,
                            "stopped in the middle of frame %ju (time-out of %g s)",
                            (uintmax_t)c->to_receive, s);
    }
    return channel_fail(c, err, ERR_NETWORK, "no answer within %g s", s);
}

static status wait_for(channel *c, const outgoing *o, const incoming *in, error *err)
{
    const bool to_send = unsent(o);
    int64_t until = in ? in->until : CLOCK_FOREVER;
    if (to_send && o->until < until) {
        until = o->until;
    }
    error why = {0};
    switch (c->transport->ops->wait(c->transport, to_send, in != NULL, until, &why)) {
    case WAIT_READY:
        /* A peer that sends byte by byte keeps nobody beyond the time. */
        return clock_ns() < until ? OK : late(c, o, in, err);
    case WAIT_LATE:
        return late(c, o, in, err);
    case WAIT_CANCELLED:
        return channel_fail(c, err, ERR_NETWORK, "given up by this program");
    case WAIT_FAILED:
        break;
    }
    return channel_fail(c, err, why.code, "%s", why.text);
}

status channel_pump(channel *c, outgoing *o, incoming *in, error *err)
{
    for (;;) {
        bool moved = false;
        TRY(push(c, o, &moved, err));
        TRY(pull(c, in, &moved, err));
        if (in ? in->left == 0 : !unsent(o)) {
            return OK;
        }
        if (!moved) {
            TRY(wait_for(c, o, in, err));
        }
    }
}

status channel_sleep(channel *c, int64_t until, error *err)
{
    error why = {0};
    for (;;) {
        switch (c->transport->ops->wait(c->transport, false, false, until, &why)) {
        case WAIT_READY:
            break;
        case WAIT_LATE:
            return OK;
        case WAIT_CANCELLED:
            return channel_fail(c, err, ERR_NETWORK, "given up by this program");
        case WAIT_FAILED:
            return channel_fail(c, err, why.code, "%s", why.text);
        }
    }
}
