#include "mpc/dealt.h"

#include <string.h>

#include "base/mem.h"

struct dealt {
    size_t from, to; /* bytes that wait */
    uint8_t data[DEALT_FRAME_BYTES];
};

dealt *dealt_new(error *err)
{
    dealt *d = mem_new(1, sizeof *d);
    if (!d) {
        error_memory(err);
    }
    return d;
}

void dealt_free(dealt *d)
{
    if (d) {
        mem_wipe(d, sizeof *d);
        mem_free(d);
    }
}

status dealt_room(dealt *d, channel *to, size_t room, uint8_t **out, error *err)
{
    CHECK(room <= sizeof d->data);
    if (sizeof d->data - d->to < room) {
        TRY(dealt_flush(d, to, err));
    }
    *out = d->data + d->to;
    return OK;
}

void dealt_used(dealt *d, size_t bytes)
{
    d->to += bytes;
    CHECK(d->to <= sizeof d->data);
}

status dealt_flush(dealt *d, channel *to, error *err)
{
    const size_t n = d->to;
    d->to = 0;
    return n > 0 ? channel_send(to, MPC_OP_DEALT, d->data, n, err) : OK;
}

/* Take in one more frame; the whole of it is behind the part already used. */
static status next_frame(dealt *d, channel *from, error *err)
{
    const channel_allowed allowed = {MPC_OP_DEALT, sizeof d->data};
    uint32_t op;
    size_t len;
    TRY(channel_next(from, &allowed, 1, &op, &len, err));
    TRY(channel_payload(from, d->data, err));
    d->from = 0;
    d->to = len;
    return OK;
}

status dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err)
{
    while (n > 0) {
        if (d->from == d->to) {
            TRY(next_frame(d, from, err));
        }
        const size_t here = d->to - d->from < n ? d->to - d->from : n;
        memcpy(out, d->data + d->from, here);
        d->from += here;
        out += here;
        n -= here;
    }
    return OK;
}

status dealt_end(dealt *d, error *err)
{
    if (d->from != d->to) {
        return error_set(err, ERR_PROTOCOL, "dealer: %zu bytes more than were to be dealt",
                         d->to - d->from);
    }
    return OK;
}
