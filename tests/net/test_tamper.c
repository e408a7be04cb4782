/* Somebody between the ends, who does one thing to the bytes on their way: whatever it is, the
 * receiver takes nothing that was not sent, in that order, and notices. */
#define _GNU_SOURCE
#include "test.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/channel_io.h"
#include "net/memory.h"
#include "support/ends.h"

enum { OP = 300, FRAMES = 4, CAPACITY = 8192, ALL = 4096 };

static const char *const payloads[FRAMES] = {"first", "", "the third, which is longer", "first"};

static const uint8_t keys[2 * TRANSPORT_KEY_BYTES] = {1, 2, 3};

/* What the sender sends: FRAMES frames and the farewell; start[i] is where frame i begins. */
typedef struct {
    uint8_t bytes[ALL];
    size_t len, start[FRAMES + 2];
} stream;

static channel *end_of(transport *t, role mine, role peer)
{
    channel *c;
    assert_int_equal(channel_new(&c, t, mine, peer, NULL, NULL), OK);
    return c;
}

static void record(stream *s, const uint8_t secrets[2 * TRANSPORT_KEY_BYTES])
{
    transport *t[2];
    assert_int_equal(memory_pair(t, secrets, CAPACITY, NULL), OK);
    channel *c = end_of(t[0], ROLE_OWNER, ROLE_CLOUD);
    size_t at = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        s->start[i] = at;
        at += FRAME_HEADER_BYTES + strlen(payloads[i]);
        assert_int_equal(channel_send(c, OP, payloads[i], strlen(payloads[i]), NULL), OK);
    }
    s->start[FRAMES] = at;
    channel_free(c);
    s->start[FRAMES + 1] = at + FRAME_HEADER_BYTES;
    assert_int_equal(t[1]->ops->receive(t[1], s->bytes, ALL, &s->len, NULL), IO_DONE);
    assert_int_equal(s->len, s->start[FRAMES + 1]);
    t[1]->ops->free(t[1]);
}

/* How many frames the receiver takes of those bytes before it ends, and why it ends. */
static size_t deliver(const uint8_t *bytes, size_t len, error *err)
{
    transport *t[2];
    assert_int_equal(memory_pair(t, keys, CAPACITY, NULL), OK);
    channel *c = end_of(t[1], ROLE_CLOUD, ROLE_OWNER);
    size_t done = 0;
    if (len > 0) {
        assert_int_equal(t[0]->ops->send(t[0], bytes, len, &done, NULL), IO_DONE);
    }
    assert_int_equal(done, len);
    t[0]->ops->free(t[0]);
    size_t taken = 0;
    for (;; taken++) {
        char got[64];
        uint32_t op;
        size_t n;
        const channel_allowed allowed = {OP, sizeof got};
        if (channel_next(c, &allowed, 1, &op, &n, err) != OK ||
            channel_payload(c, got, err) != OK) {
            break;
        }
        assert_true(taken < FRAMES);
        assert_int_equal(n, strlen(payloads[taken]));
        assert_memory_equal(got, payloads[taken], n);
    }
    channel_free(c);
    return taken;
}

static bool is_clean(const error *err)
{
    return strcmp(err->text, "owner: ended the session") == 0;
}

static void assert_detected(const uint8_t *bytes, size_t len, size_t at_most, const char *what)
{
    error err = {0};
    const size_t taken = deliver(bytes, len, &err);
    if (taken > at_most || is_clean(&err) ||
        (err.code != ERR_PROTOCOL && err.code != ERR_NETWORK)) {
        fail_msg("%s: %zu frames taken, at most %zu; '%s'", what, taken, at_most, err.text);
    }
}

static stream original;

static int set_up(void **state)
{
    (void)state;
    record(&original, keys);
    return 0;
}

static void test_what_is_left_alone_arrives(void **state)
{
    (void)state;
    error err = {0};
    assert_int_equal(deliver(original.bytes, original.len, &err), FRAMES);
    assert_true(is_clean(&err));
}

static size_t frame_at(size_t byte)
{
    size_t i = 0;
    while (original.start[i + 1] <= byte) {
        i++;
    }
    return i;
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    uint8_t bytes[ALL];
    for (size_t i = 0; i < original.len * 8; i++) {
        memcpy(bytes, original.bytes, original.len);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        char what[64];
        snprintf(what, sizeof what, "bit %zu of byte %zu", i % 8, i / 8);
        assert_detected(bytes, original.len, frame_at(i / 8), what);
    }
}

static void test_every_cut_is_noticed(void **state)
{
    (void)state;
    for (size_t len = 0; len < original.len; len++) {
        assert_detected(original.bytes, len, frame_at(len), "cut");
    }
}

/* The stream with piece [from, to) put in before `at`. */
static size_t insert(uint8_t *out, const stream *other, size_t from, size_t to, size_t at)
{
    memcpy(out, original.bytes, at);
    memcpy(out + at, other->bytes + from, to - from);
    memcpy(out + at + to - from, original.bytes + at, original.len - at);
    return original.len + to - from;
}

static void test_every_repetition_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[ALL];
    for (size_t i = 0; i <= FRAMES; i++) {
        for (size_t j = 0; j <= FRAMES; j++) {
            const size_t len = insert(bytes, &original, original.start[i], original.start[i + 1],
                                      original.start[j]);
            if (i == j && i == FRAMES) {
                continue; /* nobody reads behind the farewell */
            }
            assert_detected(bytes, len, i == j ? j + 1 : j, "repeated");
        }
    }
    error err = {0};
    const size_t len = insert(bytes, &original, 0, original.start[1], original.start[1]);
    assert_int_equal(deliver(bytes, len, &err), 1);
    assert_error(err, ERR_PROTOCOL, "owner: frame 0 repeated");
}

static void test_every_loss_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[ALL];
    for (size_t i = 0; i <= FRAMES; i++) {
        const size_t from = original.start[i], to = original.start[i + 1];
        memcpy(bytes, original.bytes, from);
        memcpy(bytes + from, original.bytes + to, original.len - to);
        assert_detected(bytes, original.len - (to - from), i, "lost");
    }
    error err = {0};
    assert_int_equal(
        deliver(original.bytes + original.start[1], original.len - original.start[1], &err), 0);
    assert_error(err, ERR_PROTOCOL, "owner: frame 0 is missing, 1 came");
}

static void test_every_exchange_is_noticed(void **state)
{
    (void)state;
    uint8_t bytes[ALL];
    for (size_t i = 0; i <= FRAMES; i++) {
        for (size_t j = i + 1; j <= FRAMES; j++) {
            size_t at = 0;
            for (size_t k = 0; k <= FRAMES; k++) {
                const size_t frame = k == i ? j : k == j ? i : k;
                const size_t n = original.start[frame + 1] - original.start[frame];
                memcpy(bytes + at, original.bytes + original.start[frame], n);
                at += n;
            }
            assert_detected(bytes, at, i, "exchanged");
        }
    }
    /* The payloads of two frames alone, which are as long as each other. */
    memcpy(bytes, original.bytes, original.len);
    memcpy(bytes + original.start[0] + FRAME_HEADER_BYTES, "FIRST", 5);
    assert_detected(bytes, original.len, 0, "payload");
}

/* Frames of another channel, and the receiver's own sent back to it, have other keys. */
static void test_foreign_frames_are_noticed(void **state)
{
    (void)state;
    static const uint8_t other_keys[2 * TRANSPORT_KEY_BYTES] = {1, 2, 4};
    static stream foreign;
    error err = {0};
    record(&foreign, other_keys);
    assert_int_equal(deliver(foreign.bytes, foreign.len, &err), 0);
    assert_error(err, ERR_PROTOCOL, "owner: a frame's header was altered");
    uint8_t bytes[ALL];
    for (size_t i = 0; i <= FRAMES; i++) {
        const size_t len =
            insert(bytes, &foreign, foreign.start[i], foreign.start[i + 1], original.start[i]);
        assert_detected(bytes, len, i, "foreign");
    }
    uint8_t turned[2 * TRANSPORT_KEY_BYTES];
    memcpy(turned, keys + TRANSPORT_KEY_BYTES, TRANSPORT_KEY_BYTES);
    memcpy(turned + TRANSPORT_KEY_BYTES, keys, TRANSPORT_KEY_BYTES);
    record(&foreign, turned);
    assert_int_equal(deliver(foreign.bytes, foreign.len, &err), 0);
    assert_error(err, ERR_PROTOCOL, "owner: a frame's header was altered");
}

/* ---- TLS: the same man, on the wire ---- */

enum { TLS_PAYLOAD = 600 };

/* Hands bytes on; the byte `flip` of what the client sends is changed. */
typedef struct {
    listener *place;
    const char *to;
    size_t flip;
    size_t seen; /* bytes of the client */
} man;

static bool hand_on(int from, int to, man *m)
{
    uint8_t bytes[4096];
    const ssize_t n = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) {
        return n < 0;
    }
    if (m) {
        if (m->flip >= m->seen && m->flip < m->seen + (size_t)n) {
            bytes[m->flip - m->seen] ^= 1;
        }
        m->seen += (size_t)n;
    }
    return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static status stand_between(void *ctx, error *err)
{
    man *m = ctx;
    int client, server;
    TRY(listener_wait(m->place, 10000, &client, err));
    TRY(socket_connect(&server, m->to, 10000, err));
    bool open = true;
    while (open) {
        struct pollfd p[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        poll(p, 2, 10000);
        open = (!p[0].revents || hand_on(client, server, m)) &&
               (!p[1].revents || hand_on(server, client, NULL));
    }
    close(client);
    close(server);
    return OK;
}

typedef struct {
    listener *place;
    const identity *me;
    size_t taken;
} answering;

static status answer(void *ctx, error *err)
{
    answering *a = ctx;
    channel *c;
    int fd;
    uint8_t got[TLS_PAYLOAD];
    a->taken = 0;
    TRY(listener_wait(a->place, 10000, &fd, err));
    TRY(tls_accept(&c, fd, a->me, role_only(ROLE_OWNER), NULL, err));
    status st;
    while ((st = channel_receive(c, OP, got, TLS_PAYLOAD, err)) == OK) {
        a->taken++;
    }
    channel_abort(c, st);
    channel_free(c);
    return st;
}

/* One connection through the man; returns how many of three frames came. */
static size_t call(man *m, answering *a, const identity *me, error *err)
{
    static const uint8_t bytes[TLS_PAYLOAD];
    char address[32];
    channel *c;
    task *server = task_start(answer, a), *between = task_start(stand_between, m);
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(m->place));
    if (tls_connect(&c, address, me, ROLE_CLOUD, NULL, NULL) == OK) {
        status st = OK;
        for (size_t i = 0; i < 3 && st == OK; i++) {
            st = channel_send(c, OP, bytes, TLS_PAYLOAD, NULL);
        }
        channel_free(c);
    }
    task_join(server, err);
    task_join(between, NULL);
    return a->taken;
}

static void test_every_byte_counts_over_tls(void **state)
{
    (void)state;
    identity *owner, *cloud;
    answering a;
    man m = {0};
    assert_int_equal(identity_new(&owner, ends_certs(), ROLE_OWNER, NULL), OK);
    assert_int_equal(identity_new(&cloud, ends_certs(), ROLE_CLOUD, NULL), OK);
    assert_int_equal(listener_new(&a.place, ":0", NULL), OK);
    assert_int_equal(listener_new(&m.place, ":0", NULL), OK);
    a.me = cloud;
    char to[32];
    snprintf(to, sizeof to, ":%u", (unsigned)listener_port(a.place));
    m.to = to;
    m.flip = SIZE_MAX;
    error err = {0};
    assert_int_equal(call(&m, &a, owner, &err), 3);
    assert_true(is_clean(&err));
    const size_t all = m.seen;
    assert_true(all > 3 * (TLS_PAYLOAD + FRAME_HEADER_BYTES));
    for (size_t i = 0; i < 80; i++) {
        /* The last record is TLS's own farewell, behind that of the frames. */
        m.flip = i * (all - 32) / 80;
        m.seen = 0;
        err = (error){0};
        const size_t taken = call(&m, &a, owner, &err);
        if (is_clean(&err) || err.code == OK) {
            fail_msg("byte %zu of %zu: %zu frames, '%s'", m.flip, all, taken, err.text);
        }
    }
    listener_free(a.place);
    listener_free(m.place);
    identity_free(owner);
    identity_free(cloud);
    ends_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_alone_arrives),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_every_cut_is_noticed),
        cmocka_unit_test(test_every_repetition_is_noticed),
        cmocka_unit_test(test_every_loss_is_noticed),
        cmocka_unit_test(test_every_exchange_is_noticed),
        cmocka_unit_test(test_foreign_frames_are_noticed),
        cmocka_unit_test(test_every_byte_counts_over_tls),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
