/* Channels, each test over both transports. */
#define _GNU_SOURCE
#include "test.h"

#include <unistd.h>

#include "base/mem.h"
#include "net/channel_io.h"
#include "net/clock.h"
#include "support/ends.h"

enum { OP = 300, OTHER = 301, LONG = 5000011 };

static ends_kind kind_of(void **state)
{
    return *(ends_kind *)*state;
}

static uint8_t *pattern(size_t len, uint8_t seed)
{
    uint8_t *bytes = mem_new(len ? len : 1, 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + (i >> 8) + seed);
    }
    return bytes;
}

/* Around the lengths at which the stage, a record of TLS and the queue are full. */
static const size_t lengths[] = {0,     1,     2,     87,      88,          89,           16295,
                                 16296, 16297, 16384, 1048487, 1048576 - 1, 1048576 + 89, LONG};
enum { N_LENGTHS = sizeof lengths / sizeof *lengths };

static status send_all(void *ctx, error *err)
{
    for (size_t i = 0; i < N_LENGTHS; i++) {
        uint8_t *bytes = pattern(lengths[i], (uint8_t)i);
        const status st = channel_send(ctx, OP + (uint32_t)i, bytes, lengths[i], err);
        mem_free(bytes);
        TRY(st);
    }
    return OK;
}

static void test_frames_of_every_length(void **state)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    task *sender = task_start(send_all, c[0]);
    uint8_t *got = mem_new(LONG, 1);
    uint64_t sum = 0;
    for (size_t i = 0; i < N_LENGTHS; i++) {
        error err = {0};
        if (channel_receive(c[1], OP + (uint32_t)i, got, lengths[i], &err) != OK) {
            fail_msg("%s", err.text);
        }
        uint8_t *expected = pattern(lengths[i], (uint8_t)i);
        assert_memory_equal(got, expected, lengths[i]);
        mem_free(expected);
        sum += lengths[i];
    }
    assert_int_equal(task_join(sender, NULL), OK);
    const channel_counters *sent = channel_count(c[0]), *received = channel_count(c[1]);
    assert_int_equal(sent->sent.frames, N_LENGTHS);
    assert_int_equal(sent->sent.payload_bytes, sum);
    assert_int_equal(sent->sent.wire_bytes, sum + N_LENGTHS * FRAME_HEADER_BYTES);
    assert_memory_equal(&received->received, &sent->sent, sizeof sent->sent);
    assert_int_equal(received->sent.frames, 0);
    assert_int_equal(sent->received.wire_bytes, 0);
    assert_int_equal(received->rounds, 0);
    mem_free(got);
    channel_free(c[0]);
    channel_free(c[1]);
}

typedef struct {
    channel *c;
    uint8_t *mine, *theirs;
    size_t n_mine, n_theirs;
} swapping;

static status swap(void *ctx, error *err)
{
    const swapping *s = ctx;
    TRY(channel_swap(s->c, OP, s->mine, s->n_mine, s->theirs, s->n_theirs, err));
    return channel_swap(s->c, OTHER, s->mine, 5, s->theirs, 7, err);
}

/* More than all buffers between the ends hold: whoever sent first and read then would wait for
 * ever. */
static void test_swapping_needs_no_buffers(void **state)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    enum { A = 20000003, B = 9000001 };
    swapping s[2] = {{.c = c[0], .n_mine = A, .n_theirs = B},
                     {.c = c[1], .n_mine = B, .n_theirs = A}};
    for (size_t i = 0; i < 2; i++) {
        s[i].mine = pattern(s[i].n_mine, (uint8_t)i);
        s[i].theirs = pattern(s[i].n_theirs, 99);
    }
    task *t = task_start(swap, &s[1]);
    error err = {0};
    assert_int_equal(channel_swap(c[0], OP, s[0].mine, A, s[0].theirs, B, &err), OK);
    uint8_t few[5];
    assert_int_equal(channel_swap(c[0], OTHER, s[0].mine, 7, few, 5, &err), OK);
    assert_int_equal(task_join(t, NULL), OK);
    assert_memory_equal(s[0].theirs, s[1].mine, B);
    assert_memory_equal(few, s[1].mine, 5);
    assert_memory_equal(s[1].theirs + 7, s[0].mine + 7, A - 7);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(channel_count(c[i])->rounds, 2);
        assert_int_equal(channel_count(c[i])->sent.frames, 2);
        mem_free(s[i].mine);
        mem_free(s[i].theirs);
        channel_free(c[i]);
    }
}

static void test_rounds_are_counted_as_protocols_do(void **state)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    uint8_t b = 1;
    /* Two frames one way, two back: one round for each end. */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(channel_send(c[0], OP, &b, 1, NULL), OK);
        assert_int_equal(channel_receive(c[1], OP, &b, 1, NULL), OK);
    }
    assert_int_equal(channel_count(c[1])->rounds, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(channel_send(c[1], OP, &b, 1, NULL), OK);
        assert_int_equal(channel_receive(c[0], OP, &b, 1, NULL), OK);
    }
    assert_int_equal(channel_count(c[0])->rounds, 1);
    assert_int_equal(channel_send(c[0], OP, &b, 1, NULL), OK);
    assert_int_equal(channel_receive(c[1], OP, &b, 1, NULL), OK);
    assert_int_equal(channel_count(c[1])->rounds, 1);
    assert_int_equal(channel_count(c[0])->rounds, 1);
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_what_may_come_is_said_beforehand(void **state)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    static const channel_allowed allowed[] = {{OP, 4}, {OTHER, 1000}};
    uint8_t bytes[1000] = {7}, got[1000];
    uint32_t op;
    size_t len;
    assert_int_equal(channel_send(c[0], OTHER, bytes, 1000, NULL), OK);
    assert_int_equal(channel_send(c[0], OP, bytes, 4, NULL), OK);
    assert_int_equal(channel_next(c[1], allowed, 2, &op, &len, NULL), OK);
    assert_int_equal(op, OTHER);
    assert_int_equal(len, 1000);
    assert_int_equal(channel_payload(c[1], got, NULL), OK);
    assert_memory_equal(got, bytes, 1000);
    assert_int_equal(channel_next(c[1], allowed, 2, &op, &len, NULL), OK);
    assert_int_equal(op, OP);
    assert_int_equal(channel_payload(c[1], got, NULL), OK);

    /* The arena is asked for nothing where the length is not allowed. */
    arena *a = arena_new();
    uint8_t *taken = NULL;
    error err = {0};
    assert_int_equal(channel_send(c[0], OP, bytes, 0, NULL), OK);
    assert_int_equal(channel_receive_arena(c[1], OP, 10, a, &taken, &len, &err), OK);
    assert_non_null(taken);
    assert_int_equal(len, 0);
    taken = NULL;
    assert_int_equal(channel_send(c[0], OP, bytes, 11, NULL), OK);
    assert_int_equal(channel_receive_arena(c[1], OP, 10, a, &taken, &len, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: frame 3: 11 bytes, at most 10");
    assert_null(taken);
    arena_free(a);
    channel_free(c[0]);
    channel_free(c[1]);
}

/* Every failure is the channel's end, and says the same ever after. */
static void refuses(void **state, uint32_t sent_op, size_t sent_len, const char *reason)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    uint8_t bytes[100] = {0};
    error err = {0}, again = {0};
    assert_int_equal(channel_send(c[0], sent_op, bytes, sent_len, NULL), OK);
    assert_int_equal(channel_receive(c[1], OP, bytes, 10, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, reason);
    assert_int_equal(channel_send(c[1], OP, bytes, 1, &again), ERR_PROTOCOL);
    assert_string_equal(again.text, err.text);
    assert_int_equal(channel_receive(c[1], OP, bytes, 1, &again), ERR_PROTOCOL);
    assert_int_equal(channel_payload(c[1], bytes, &again), ERR_PROTOCOL);
    assert_int_equal(channel_swap(c[1], OP, bytes, 1, bytes, 1, &again), ERR_PROTOCOL);
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_unexpected_frames_are_refused(void **state)
{
    refuses(state, OTHER, 10, "owner: frame 0: op 301 is not expected here");
    refuses(state, FRAME_HELLO, 10, "owner: frame 0: op 1 is not expected here");
    refuses(state, OP, 11, "owner: frame 0: 11 bytes, at most 10");
    refuses(state, OP, 9, "owner: frame 0: 9 bytes, not 10");
}

static void test_farewells(void **state)
{
    uint8_t b[4];
    error err = {0};
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    assert_int_equal(channel_send(c[0], OP, "last", 4, &err), OK);
    channel_close(c[0]);
    channel_close(c[0]);
    assert_int_equal(channel_send(c[0], OP, b, 1, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cloud: the channel is closed");
    assert_int_equal(channel_receive(c[1], OP, b, 4, &err), OK); /* what was sent before counts */
    assert_int_equal(channel_receive(c[1], OP, b, 4, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "owner: ended the session");
    channel_free(c[0]);
    channel_free(c[1]);

    static const struct {
        status code;
        const char *said;
    } aborts[] = {{ERR_PROTOCOL, "gave up (its error: protocol or version)"},
                  {ERR_RESOURCE, "gave up (its error: out of resources)"},
                  {ERR_PRECISION, "gave up (its error: precision)"},
                  {(status)-77, "gave up (its error: of its own)"}};
    for (size_t i = 0; i < sizeof aborts / sizeof *aborts; i++) {
        ends_open(kind_of(state), c, NULL);
        channel_abort(c[1], aborts[i].code);
        assert_int_equal(channel_receive(c[0], OP, b, 4, &err), ERR_NETWORK);
        assert_error(err, ERR_NETWORK, "cloud: ", aborts[i].said);
        channel_free(c[0]);
        channel_free(c[1]);
    }
}

/* After its own failure an end still tells the other one. */
static void test_a_party_that_fails_says_so(void **state)
{
    channel *c[2];
    ends_open(kind_of(state), c, NULL);
    uint8_t b[4];
    error err = {0};
    assert_int_equal(channel_send(c[0], OTHER, b, 0, &err), OK);
    const status st = channel_receive(c[1], OP, b, 4, &err);
    assert_int_equal(st, ERR_PROTOCOL);
    channel_abort(c[1], st);
    channel_free(c[1]);
    assert_int_equal(channel_receive(c[0], OP, b, 4, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cloud: gave up (its error: protocol");
    channel_free(c[0]);
}

/* A frame of its own sort and number, sealed with the right key. */
static void send_sealed(channel *c, frame_header h, const char *payload)
{
    uint8_t bytes[FRAME_HEADER_BYTES + 100];
    const size_t len = strlen(payload);
    h.len = h.len ? h.len : len;
    if (!c->transport->authentic) {
        frame_tag(c->send_key, h.payload_tag, h.number, (const uint8_t *)payload, len);
    }
    frame_seal(c->send_key, bytes, &h);
    memcpy(bytes + FRAME_HEADER_BYTES, payload, len);
    ends_send_raw(c, bytes, FRAME_HEADER_BYTES + len);
}

static void test_each_field_of_a_header_is_checked(void **state)
{
    static const struct {
        frame_header h;
        const char *payload, *reason;
        status expected;
    } cases[] = {
        {{.from = ROLE_CLOUD, .to = ROLE_CLOUD, .op = OP},
         "1234",
         "frame 0 goes from cloud to cloud, not from owner to cloud",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = 200, .op = OP}, "1234", "from owner to nobody", ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .session = {1}},
         "1234",
         "frame 0 belongs to another session",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .number = 1},
         "1234",
         "frame 0 is missing, 1 came",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .sent_ns = 1},
         "1234",
         "emulates a slower network, this party does not",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .len = UINT64_C(1) << 40},
         "1234",
         "1099511627776 bytes, at most 4",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .len = UINT64_MAX},
         "1234",
         "frame 0 has a field out of its range",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = 77}, "", "op 77", ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = FRAME_CLOSE},
         "12",
         "a farewell of 2 bytes",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = FRAME_ABORT},
         "12",
         "a farewell of 2 bytes",
         ERR_PROTOCOL},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = FRAME_ABORT},
         "\377\377\377\377",
         "gave up (its error: of its own)",
         ERR_NETWORK},
        {{.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP}, "1234", NULL, OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        channel *c[2];
        uint8_t b[4];
        error err = {0};
        ends_open(kind_of(state), c, NULL);
        send_sealed(c[0], cases[i].h, cases[i].payload);
        assert_int_equal(channel_receive(c[1], OP, b, 4, &err), cases[i].expected);
        if (cases[i].reason) {
            assert_error(err, cases[i].expected, "owner: ", cases[i].reason);
        }
        channel_free(c[0]);
        channel_free(c[1]);
    }
}

static void test_what_is_no_frame_is_refused(void **state)
{
    channel *c[2];
    uint8_t b[FRAME_HEADER_BYTES] = "GET / HTTP/1.1\r\n";
    error err = {0};
    ends_open(kind_of(state), c, NULL);
    ends_send_raw(c[0], b, sizeof b);
    assert_int_equal(channel_receive(c[1], OP, b, 4, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: what came is no frame");
    channel_free(c[0]);
    channel_free(c[1]);

    ends_open(kind_of(state), c, NULL);
    memset(b, 0, sizeof b);
    memcpy(b, "TACF\x02\x00", 6);
    ends_send_raw(c[0], b, sizeof b);
    assert_int_equal(channel_receive(c[1], OP, b, 4, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: frames of version 2, this program has version 1");
    channel_free(c[0]);
    channel_free(c[1]);
}

/* A frame as it would go, of which only some bytes come; then nothing, or the peer is killed. */
static void partly(void **state, size_t bytes, bool dies, const char *reason)
{
    const channel_options o = {.timeout_ms = 60, .min_rate = 1000000};
    channel *c[2];
    uint8_t b[1000] = {0}, frame[FRAME_HEADER_BYTES + 1000] = {0};
    error err = {0};
    ends_open(kind_of(state), c, &o);
    frame_header h = {.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .len = 1000};
    if (!c[0]->transport->authentic) {
        frame_tag(c[0]->send_key, h.payload_tag, 0, b, 1000);
    }
    frame_seal(c[0]->send_key, frame, &h);
    if (bytes > 0) {
        ends_send_raw(c[0], frame, bytes);
    }
    if (dies) {
        ends_kill(c[0]);
    }
    const int64_t began = clock_ns();
    assert_int_equal(channel_receive(c[1], OP, b, 1000, &err), ERR_NETWORK);
    assert_true(dies || clock_ns() - began >= 59000000);
    assert_error(err, ERR_NETWORK, "owner: ", reason);
    if (!dies) {
        channel_free(c[0]);
    }
    channel_free(c[1]);
}

static void test_a_peer_that_stalls_is_left(void **state)
{
    partly(state, 0, false, "no answer within 0.06 s");
    partly(state, 1, false, "stopped in the middle of frame 0");
    partly(state, FRAME_HEADER_BYTES - 1, false, "stopped in the middle of frame 0");
    partly(state, FRAME_HEADER_BYTES, false, "stopped in the middle of frame 0");
    partly(state, FRAME_HEADER_BYTES + 999, false, "stopped in the middle of frame 0");
}

static void test_a_peer_that_is_killed_is_noticed(void **state)
{
    partly(state, 0, true, "closed the connection before frame 0");
    for (size_t bytes = 1; bytes < FRAME_HEADER_BYTES + 1000; bytes += 97) {
        partly(state, bytes, true, "closed the connection in the middle of frame 0");
    }
    partly(state, FRAME_HEADER_BYTES, true, "in the middle of frame 0");
    partly(state, FRAME_HEADER_BYTES + 999, true, "in the middle of frame 0");
}

/* A byte now and then does not keep the time-out from passing. */
static status drip(void *ctx, error *err)
{
    (void)err;
    for (size_t i = 0; i < 40; i++) {
        ends_send_raw(ctx, "T", 1);
        usleep(10000);
    }
    return OK;
}

static void test_dripping_does_not_help(void **state)
{
    const channel_options o = {.timeout_ms = 100, .min_rate = 1000000};
    channel *c[2];
    uint8_t b[4];
    error err = {0};
    ends_open(kind_of(state), c, &o);
    task *t = task_start(drip, c[0]);
    assert_int_equal(channel_receive(c[1], OP, b, 4, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "owner: stopped in the middle of frame 0");
    assert_int_equal(task_join(t, NULL), OK);
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_a_peer_that_takes_nothing_is_left(void **state)
{
    const channel_options o = {.timeout_ms = 100, .min_rate = UINT64_C(1) << 40};
    channel *c[2];
    enum { MORE = 32 << 20 }; /* than the system's buffers */
    uint8_t *bytes = mem_new(MORE, 1);
    error err = {0};
    ends_open(kind_of(state), c, &o);
    assert_int_equal(channel_send(c[0], OP, bytes, MORE, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cloud: takes nothing any more (time-out of 0.1 s)");
    ends_kill(c[1]);
    channel_free(c[0]);

    /* And one that is gone. */
    ends_open(kind_of(state), c, NULL);
    ends_kill(c[1]);
    assert_int_equal(channel_send(c[0], OP, bytes, MORE, &err), ERR_NETWORK);
    assert_error(err, ERR_NETWORK, "cloud: closed the connection");
    channel_free(c[0]);
    mem_free(bytes);
}

static status receive_one(void *ctx, error *err)
{
    uint8_t b;
    return channel_receive(ctx, OP, &b, 1, err);
}

static status send_much(void *ctx, error *err)
{
    enum { MORE = 32 << 20 };
    uint8_t *bytes = mem_new(MORE, 1);
    const status st = channel_send(ctx, OP, bytes, MORE, err);
    mem_free(bytes);
    return st;
}

/* Before the call, and while it waits. */
static void test_another_thread_can_end_it(void **state)
{
    task_fn *const jobs[] = {receive_one, send_much};
    for (size_t i = 0; i < 4; i++) {
        channel *c[2];
        error err = {0};
        ends_open(kind_of(state), c, NULL);
        if (i % 2) {
            channel_cancel(c[0]);
        }
        task *t = task_start(jobs[i / 2], c[0]);
        if (i % 2 == 0) {
            usleep(20000);
            channel_cancel(c[0]);
        }
        assert_int_equal(task_join(t, &err), ERR_NETWORK);
        assert_error(err, ERR_NETWORK, "cloud: given up by this program");
        channel_free(c[0]);
        channel_free(c[1]);
    }
}

static void test_a_session_is_part_of_every_frame(void **state)
{
    channel *c[2];
    uint8_t b;
    error err = {0};
    static const uint8_t session[FRAME_SESSION_BYTES] = "0123456789abcde";
    ends_open(kind_of(state), c, NULL);
    channel_set_session(c[0], session);
    channel_set_session(c[1], session);
    assert_memory_equal(channel_session(c[0]), session, sizeof session);
    assert_int_equal(channel_send(c[0], OP, "x", 1, &err), OK);
    assert_int_equal(channel_receive(c[1], OP, &b, 1, &err), OK);
    static const uint8_t another[FRAME_SESSION_BYTES] = "0123456789abcdf";
    channel_set_session(c[0], another);
    assert_int_equal(channel_send(c[0], OP, "x", 1, &err), OK);
    assert_int_equal(channel_receive(c[1], OP, &b, 1, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: frame 1 belongs to another session");
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_what_a_channel_says_of_itself(void **state)
{
    channel *c[2];
    static const uint8_t zeros[32];
    ends_open(kind_of(state), c, NULL);
    assert_int_equal(channel_role(c[0]), ROLE_OWNER);
    assert_int_equal(channel_peer(c[0]), ROLE_CLOUD);
    assert_int_equal(channel_role(c[1]), ROLE_CLOUD);
    assert_int_equal(channel_peer(c[1]), ROLE_OWNER);
    const bool keyed = memcmp(channel_peer_key(c[0]), zeros, 32) != 0;
    assert_int_equal(keyed, kind_of(state) == ENDS_TLS);
    if (keyed) {
        assert_memory_not_equal(channel_peer_key(c[0]), channel_peer_key(c[1]), 32);
    }
    channel_free(c[0]);
    channel_free(c[1]);
    channel_free(NULL);
}

/* A slower network: what it costs is counted exactly, and nothing comes before its time. */
static void test_emulated_network(void **state)
{
    static const struct {
        network network;
        uint64_t one_way_ns, ns_per_byte;
    } cases[] = {{NETWORK_LAN, 500000, 8}, {NETWORK_WAN, 20000000, 80}};
    for (size_t i = 0; i < 2; i++) {
        channel_options o = channel_defaults();
        o.network = cases[i].network;
        channel *c[2];
        error err = {0};
        uint8_t *bytes = pattern(50000, 1), *got = mem_new(50000, 1);
        ends_open(kind_of(state), c, &o);
        const int64_t began = clock_ns();
        assert_int_equal(channel_send(c[0], OP, bytes, 50000, &err), OK);
        assert_int_equal(channel_send(c[0], OP, bytes, 0, &err), OK);
        assert_int_equal(channel_receive(c[1], OP, got, 50000, &err), OK);
        assert_int_equal(channel_receive(c[1], OP, got, 0, &err), OK);
        assert_memory_equal(got, bytes, 50000);
        const uint64_t line = (50000 + 2 * FRAME_HEADER_BYTES) * cases[i].ns_per_byte;
        assert_int_equal(channel_count(c[1])->network_ns, line + 2 * cases[i].one_way_ns);
        assert_int_equal(channel_count(c[0])->network_ns, 0);
        assert_true(clock_ns() - began >= (int64_t)(line + cases[i].one_way_ns));
        channel_free(c[0]);
        channel_free(c[1]);
        mem_free(bytes);
        mem_free(got);
    }
}

static status send_one(void *ctx, error *err)
{
    return channel_send(ctx, OP, "x", 1, err);
}

/* Ends that do not emulate alike notice it. */
static void test_emulation_must_be_alike(void **state)
{
    channel_options o = channel_defaults();
    channel *c[2];
    error err = {0};
    ends_open(kind_of(state), c, &o);
    c[1]->options.network = NETWORK_LAN;
    assert_int_equal(send_one(c[0], &err), OK);
    assert_int_equal(receive_one(c[1], &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: emulates no network, this party does");
    channel_free(c[0]);
    channel_free(c[1]);
}

/* A peer that claims to have sent in the far future delays nothing. */
static void test_a_sent_time_in_the_future_is_not_believed(void **state)
{
    channel_options o = channel_defaults();
    o.network = NETWORK_LAN;
    channel *c[2];
    uint8_t b[4];
    ends_open(kind_of(state), c, &o);
    const frame_header h = {.from = ROLE_OWNER, .to = ROLE_CLOUD, .op = OP, .sent_ns = UINT64_MAX};
    send_sealed(c[0], h, "1234");
    assert_int_equal(channel_receive(c[1], OP, b, 4, NULL), OK);
    channel_free(c[0]);
    channel_free(c[1]);
}

static int tear_down(void **state)
{
    (void)state;
    ends_forget();
    return 0;
}

#define OVER_BOTH(test)                                                                            \
    {.name = #test " in memory", .test_func = test, .initial_state = &kinds[0]},                   \
    {                                                                                              \
        .name = #test " over TLS", .test_func = test, .initial_state = &kinds[1]                   \
    }

int main(void)
{
    static ends_kind kinds[] = {ENDS_MEMORY, ENDS_TLS};
    const struct CMUnitTest tests[] = {
        OVER_BOTH(test_frames_of_every_length),
        OVER_BOTH(test_swapping_needs_no_buffers),
        OVER_BOTH(test_rounds_are_counted_as_protocols_do),
        OVER_BOTH(test_what_may_come_is_said_beforehand),
        OVER_BOTH(test_unexpected_frames_are_refused),
        OVER_BOTH(test_farewells),
        OVER_BOTH(test_a_party_that_fails_says_so),
        OVER_BOTH(test_each_field_of_a_header_is_checked),
        OVER_BOTH(test_what_is_no_frame_is_refused),
        OVER_BOTH(test_a_peer_that_stalls_is_left),
        OVER_BOTH(test_a_peer_that_is_killed_is_noticed),
        OVER_BOTH(test_dripping_does_not_help),
        OVER_BOTH(test_a_peer_that_takes_nothing_is_left),
        OVER_BOTH(test_another_thread_can_end_it),
        OVER_BOTH(test_a_session_is_part_of_every_frame),
        OVER_BOTH(test_what_a_channel_says_of_itself),
        OVER_BOTH(test_emulated_network),
        OVER_BOTH(test_emulation_must_be_alike),
        OVER_BOTH(test_a_sent_time_in_the_future_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
