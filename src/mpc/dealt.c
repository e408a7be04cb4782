#include "mpc/dealt.h"

#include <string.h>

#include "base/mem.h"

struct dealt {
    size_t from, to; /* bytes that wait */
    dealt_file file;
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

void dealt_set_file(dealt *d, const dealt_file *file)
{
    d->file = *file;
    d->from = d->to = 0;
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
    if (n > 0 && d->file.put) {
        return d->file.put(d->file.ctx, d->data, n, err);
    }
    return n > 0 ? channel_send(to, MPC_OP_DEALT, d->data, n, err) : OK;
}

/* The next frame: straight to where it is wanted if all of it is, else all of it to wait here.
 * *direct: how many bytes went there. */
static status next_frame(dealt *d, channel *from, uint8_t *out, size_t n, size_t *direct,
                         error *err)
{
    const channel_allowed allowed = {MPC_OP_DEALT, sizeof d->data};
    uint32_t op;
    size_t len;
    if (d->file.get) {
        *direct = 0;
        TRY(d->file.get(d->file.ctx, d->data, &len, err));
        d->from = 0;
        d->to = len;
        return OK;
    }
    TRY(channel_next(from, &allowed, 1, &op, &len, err));
    *direct = len <= n ? len : 0;
    TRY(channel_payload(from, *direct ? out : d->data, err));
    d->from = 0;
    d->to = len - *direct;
    return OK;
}

status dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err)
{
    while (n > 0) {
        size_t here = d->to - d->from < n ? d->to - d->from : n;
        if (here > 0) {
            memcpy(out, d->data + d->from, here);
            d->from += here;
        } else {
            TRY(next_frame(d, from, out, n, &here, err));
        }
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
