/* Both parties say what they mean to do, over both transports. */
#define _GNU_SOURCE
#include "test.h"

#include "net/channel_io.h"
#include "net/handshake.h"
#include "net/wire.h"
#include "support/ends.h"

enum { OP = 300, HELLO_BYTES = 120 };

static ends_kind kind_of(void **state)
{
    return *(ends_kind *)*state;
}

static const handshake_terms usual = {.program = "0.1.0", .model = {1, 2}, .agreement = {3}};

typedef struct {
    channel *c;
    const handshake_terms *terms;
} follower;

static status follow(void *ctx, error *err)
{
    const follower *f = ctx;
    return handshake(f->c, false, f->terms, err);
}

static void test_parties_that_agree(void **state)
{
    static const uint8_t zeros[FRAME_SESSION_BYTES];
    uint8_t sessions[2][FRAME_SESSION_BYTES];
    for (size_t i = 0; i < 2; i++) {
        channel *c[2];
        error err = {0};
        ends_open(kind_of(state), c, NULL);
        follower f = {c[1], &usual};
        task *t = task_start(follow, &f);
        assert_int_equal(handshake(c[0], true, &usual, &err), OK);
        assert_int_equal(task_join(t, &err), OK);
        assert_memory_equal(channel_session(c[0]), channel_session(c[1]), FRAME_SESSION_BYTES);
        assert_memory_not_equal(channel_session(c[0]), zeros, FRAME_SESSION_BYTES);
        memcpy(sessions[i], channel_session(c[0]), FRAME_SESSION_BYTES);
        assert_int_equal(channel_count(c[0])->rounds, 1);
        assert_int_equal(channel_count(c[0])->sent.payload_bytes, HELLO_BYTES);
        assert_int_equal(channel_count(c[0])->received.payload_bytes, HELLO_BYTES);
        uint8_t b;
        assert_int_equal(channel_send(c[0], OP, "x", 1, &err), OK);
        assert_int_equal(channel_receive(c[1], OP, &b, 1, &err), OK);
        channel_free(c[0]);
        channel_free(c[1]);
    }
    assert_memory_not_equal(sessions[0], sessions[1], FRAME_SESSION_BYTES);
}

static void test_each_difference_is_named_at_both_ends(void **state)
{
    handshake_terms program = usual, model = usual, agreement = usual, said;
    program.program = "0.1.0-other";
    model.model[31] ^= 1;
    agreement.agreement[17] ^= 0x80;
    said = agreement;
    said.parameters = "colour blue";
    const struct {
        const handshake_terms *terms;
        const char *mine, *theirs;
    } cases[] = {
        {&program, "cloud: has program version 0.1.0-other, this party 0.1.0",
         "owner: has program version 0.1.0, this party 0.1.0-other"},
        {&model, "cloud: has another model (hash) than this party",
         "owner: has another model (hash) than this party"},
        {&agreement, "cloud: has another set of parameters (agreement hash)",
         "owner: has another set of parameters (agreement hash) than this party"},
        {&said, "cloud: has another set of parameters (agreement hash)",
         "owner: has another set of parameters (agreement hash) than this party, whose are: colour "
         "blue"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        channel *c[2];
        error mine = {0}, theirs = {0};
        ends_open(kind_of(state), c, NULL);
        follower f = {c[1], cases[i].terms};
        task *t = task_start(follow, &f);
        assert_int_equal(handshake(c[0], true, &usual, &mine), ERR_PROTOCOL);
        assert_int_equal(task_join(t, &theirs), ERR_PROTOCOL);
        assert_error(mine, ERR_PROTOCOL, cases[i].mine);
        assert_error(theirs, ERR_PROTOCOL, cases[i].theirs);
        assert_int_equal(channel_send(c[0], OP, "x", 1, &mine), ERR_PROTOCOL);
        channel_free(c[0]);
        channel_free(c[1]);
    }
}

/* A hello as another program might send it: every byte of it counts. */
static void test_every_byte_of_a_hello_counts(void **state)
{
    (void)state;
    uint8_t hello[HELLO_BYTES] = {0};
    wire_put_u32(hello, 1);
    wire_put_u32(hello + 4, ROLE_OWNER);
    memcpy(hello + 8, usual.program, strlen(usual.program));
    memcpy(hello + 56, usual.model, 32);
    memcpy(hello + 88, usual.agreement, 32);
    for (size_t i = 0; i <= HELLO_BYTES; i++) {
        channel *c[2];
        error err = {0};
        ends_open(ENDS_MEMORY, c, NULL);
        if (i < HELLO_BYTES) {
            hello[i] ^= 0x41;
        }
        assert_int_equal(channel_send(c[0], FRAME_HELLO, hello, sizeof hello, &err), OK);
        const status st = handshake(c[1], false, &usual, &err);
        /* Any session will do; the one who drew it sees to the rest. */
        assert_int_equal(st, i == HELLO_BYTES || (i >= 40 && i < 56) ? OK : ERR_PROTOCOL);
        if (i == 0) {
            assert_error(err, ERR_PROTOCOL, "owner: has wire version 64, this party 1");
        } else if (i == 4) {
            assert_error(err, ERR_PROTOCOL, "owner: says its role is none that is known");
        }
        if (i < HELLO_BYTES) {
            hello[i] ^= 0x41;
        }
        channel_free(c[0]);
        channel_free(c[1]);
    }
}

static status answer_with_other_session(void *ctx, error *err)
{
    uint8_t hello[HELLO_BYTES];
    TRY(channel_receive(ctx, FRAME_HELLO, hello, sizeof hello, err));
    wire_put_u32(hello + 4, ROLE_CLOUD);
    hello[40] ^= 1;
    return channel_send(ctx, FRAME_HELLO, hello, sizeof hello, err);
}

static void test_the_session_must_come_back(void **state)
{
    channel *c[2];
    error err = {0};
    ends_open(kind_of(state), c, NULL);
    task *t = task_start(answer_with_other_session, c[1]);
    assert_int_equal(handshake(c[0], true, &usual, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "cloud: has another session id than this party");
    assert_int_equal(task_join(t, NULL), OK);
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_a_peer_that_says_something_else(void **state)
{
    channel *c[2];
    error err = {0};
    uint8_t hello[HELLO_BYTES + 1] = {0};
    ends_open(kind_of(state), c, NULL);
    assert_int_equal(channel_send(c[0], OP, hello, HELLO_BYTES, &err), OK);
    assert_int_equal(handshake(c[1], false, &usual, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: frame 0: op 300 is not expected here");
    channel_free(c[0]);
    channel_free(c[1]);
    ends_open(kind_of(state), c, NULL);
    assert_int_equal(channel_send(c[0], FRAME_HELLO, hello, HELLO_BYTES + 1, &err), OK);
    assert_int_equal(handshake(c[1], false, &usual, &err), ERR_PROTOCOL);
    assert_error(err, ERR_PROTOCOL, "owner: frame 0: 121 bytes, at most 120");
    channel_free(c[0]);
    channel_free(c[1]);
}

static void test_a_peer_that_is_gone_or_silent(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        const channel_options o = {.timeout_ms = 50, .min_rate = 1000000};
        channel *c[2];
        error err = {0};
        ends_open(kind_of(state), c, &o);
        if (i % 2) {
            ends_kill(c[1]);
        }
        assert_int_equal(handshake(c[0], i / 2, &usual, &err), ERR_NETWORK);
        assert_error(err, ERR_NETWORK,
                     "cloud: ", i % 2 ? "closed the connection" : "no answer within");
        channel_free(c[0]);
        if (i % 2 == 0) {
            channel_free(c[1]);
        }
    }
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
        OVER_BOTH(test_parties_that_agree),
        OVER_BOTH(test_each_difference_is_named_at_both_ends),
        cmocka_unit_test(test_every_byte_of_a_hello_counts),
        OVER_BOTH(test_the_session_must_come_back),
        OVER_BOTH(test_a_peer_that_says_something_else),
        OVER_BOTH(test_a_peer_that_is_gone_or_silent),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
