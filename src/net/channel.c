#include "net/channel.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "net/channel_io.h"
#include "net/memory.h"

channel_options channel_defaults(void)
{
    return (channel_options){.timeout_ms = 30000, .min_rate = 65536, .network = NETWORK_LOCAL};
}

status channel_new(channel **out, transport *t, role mine, role peer, const channel_options *o,
                   error *err)
{
    *out = NULL;
    channel *c = mem_new(1, sizeof *c);
    if (!c) {
        t->ops->free(t);
        return error_memory(err);
    }
    c->transport = t;
    c->mine = mine;
    c->peer = peer;
    c->options = o ? *o : channel_defaults();
    CHECK(c->options.timeout_ms > 0 && c->options.min_rate > 0);
    c->out_link = c->in_link = link_of(c->options.network);
    c->send_key = frame_key_new(t->send_key, err);
    c->receive_key = c->send_key ? frame_key_new(t->receive_key, err) : NULL;
    if (!c->receive_key) {
        channel_free(c);
        return ERR_RESOURCE;
    }
    *out = c;
    return OK;
}

status channel_pair(channel *out[2], role a, role b, const channel_options *o, error *err)
{
    out[0] = out[1] = NULL;
    uint8_t keys[2 * TRANSPORT_KEY_BYTES];
    transport *ends[2];
    TRY(random_bytes(keys, sizeof keys, err));
    const status st = memory_pair(ends, keys, MEMORY_QUEUE_BYTES, err);
    mem_wipe(keys, sizeof keys);
    TRY(st);
    const status first = channel_new(&out[0], ends[0], a, b, o, err);
    const status second = channel_new(&out[1], ends[1], b, a, o, err);
    if (first != OK || second != OK) {
        channel_free(out[0]);
        channel_free(out[1]);
        out[0] = out[1] = NULL;
        return first != OK ? first : second;
    }
    return OK;
}

void channel_free(channel *c)
{
    if (c) {
        if (!c->closed && c->receive_key) {
            channel_close(c);
        }
        c->transport->ops->free(c->transport);
        frame_key_free(c->send_key);
        frame_key_free(c->receive_key);
        mem_wipe(c, sizeof *c);
        mem_free(c);
    }
}

void channel_cancel(channel *c)
{
    c->transport->ops->cancel(c->transport);
}

void channel_set_timeout(channel *c, int64_t timeout_ms)
{
    CHECK(timeout_ms > 0);
    c->options.timeout_ms = timeout_ms;
}

role channel_role(const channel *c)
{
    return c->mine;
}

role channel_peer(const channel *c)
{
    return c->peer;
}

network channel_network(const channel *c)
{
    return c->options.network;
}

const uint8_t *channel_peer_key(const channel *c)
{
    return c->transport->peer_key;
}

void channel_set_session(channel *c, const uint8_t session[FRAME_SESSION_BYTES])
{
    memcpy(c->session, session, FRAME_SESSION_BYTES);
}

const uint8_t *channel_session(const channel *c)
{
    return c->session;
}

const channel_counters *channel_count(const channel *c)
{
    return &c->count;
}

void channel_count_frame(channel_traffic *t, uint64_t len)
{
    t->wire_bytes += FRAME_HEADER_BYTES + len;
    t->payload_bytes += len;
    t->frames++;
}
