/* What a peer sends, as it comes out of a channel in memory. The first byte decides:
 * even: the bytes behind it are the peer's, as they are;
 * odd: they are pieces of frames, each of which is sealed with the right key, so that what lies
 * behind the tag is reached too: twelve bytes that say what is odd about a frame, then its payload.
 */
#include <string.h>

#include "base/arena.h"
#include "net/channel.h"
#include "net/handshake.h"
#include "net/memory.h"

enum { OP = 300, CAPACITY = 1 << 14, PIECE = 12, MAX_PAYLOAD = 128 };

static const uint8_t keys[2 * TRANSPORT_KEY_BYTES] = {1};

static void put(transport *t, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        if (t->ops->send(t, bytes, len, &n, NULL) != IO_DONE) {
            return; /* the queue is full */
        }
        bytes += n;
        len -= n;
    }
}

/* One frame from 12 bytes; how many bytes it took of them and of what is behind. */
static size_t put_frame(transport *t, frame_key *k, uint64_t *number, const uint8_t *p, size_t left)
{
    const size_t len = p[11] % MAX_PAYLOAD < left - PIECE ? p[11] % MAX_PAYLOAD : left - PIECE;
    frame_header h = {
        .from = p[0] ? p[0] : (uint8_t)ROLE_OWNER,
        .to = p[1] ? p[1] : (uint8_t)ROLE_CLOUD,
        .session = {p[2]},
        .number = *number + p[3],
        .len = p[4] ? (uint64_t)p[4] << p[5] % 64 : len,
        .op = p[6] % 2 ? (uint32_t)OP + p[6] / 2 : p[6] / 2,
        .sent_ns = p[7],
    };
    frame_tag(k, h.payload_tag, h.number, p + PIECE, len);
    h.payload_tag[0] ^= p[8];
    uint8_t bytes[FRAME_HEADER_BYTES];
    frame_seal(k, bytes, &h);
    bytes[p[9] % FRAME_HEADER_BYTES] ^= p[10];
    put(t, bytes, sizeof bytes);
    put(t, p + PIECE, len);
    ++*number;
    return PIECE + len;
}

static void put_frames(transport *t, const uint8_t *data, size_t len)
{
    frame_key *k = frame_key_new(keys, NULL);
    CHECK(k != NULL);
    uint64_t number = 0;
    while (len >= PIECE) {
        const size_t n = put_frame(t, k, &number, data, len);
        data += n;
        len -= n;
    }
    frame_key_free(k);
}

/* One after the other in every way there is, until the channel is at its end. */
static status receive(channel *c, arena *a, size_t turn, error *err)
{
    static const channel_allowed allowed[] = {{OP, 40}, {OP + 1, 0}, {FRAME_HELLO, 120}};
    uint8_t got[120];
    uint8_t *taken = NULL;
    uint32_t op = 0;
    size_t len = 0;
    switch (turn % 3) {
    case 0:
        TRY(channel_next(c, allowed, 3, &op, &len, err));
        CHECK(len <= (op == OP ? 40 : op == OP + 1 ? 0 : 120));
        return channel_payload(c, got, err);
    case 1:
        TRY(channel_receive_arena(c, OP, 50, a, &taken, &len, err));
        CHECK(taken && len <= 50);
        return OK;
    default:
        return channel_receive(c, OP, got, 8, err);
    }
}

static void hear(channel *c, bool greets)
{
    static const handshake_terms terms = {.program = "1"};
    error err = {0}, again = {0};
    arena *a = arena_new();
    status st = greets ? handshake(c, false, &terms, &err) : OK;
    uint64_t frames = channel_count(c)->received.frames;
    for (size_t turn = 0; st == OK; turn++) {
        st = receive(c, a, turn, &err);
        CHECK(st != OK || channel_count(c)->received.frames == ++frames);
    }
    /* The bytes end, and so there is an end; it is told, and stays. */
    CHECK(err.code == st && strncmp(err.text, "owner: ", 7) == 0);
    CHECK(st == ERR_NETWORK || st == ERR_PROTOCOL);
    CHECK(channel_send(c, OP, "x", 1, &again) == st && strcmp(err.text, again.text) == 0);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    transport *t[2];
    channel *c;
    CHECK(memory_pair(t, keys, CAPACITY, NULL) == OK);
    CHECK(channel_new(&c, t[1], ROLE_CLOUD, ROLE_OWNER, NULL, NULL) == OK);
    const uint8_t how = len > 0 ? data[0] : 0;
    if (how % 2) {
        put_frames(t[0], data + 1, len - 1);
    } else if (len > 0) {
        put(t[0], data + 1, len - 1);
    }
    t[0]->ops->close(t[0]);
    hear(c, how & 2);
    channel_free(c);
    t[0]->ops->free(t[0]);
    return 0;
}
