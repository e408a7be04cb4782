/* The cloud as a server: whatever its callers are at, it stops when it is told to. */
#define _GNU_SOURCE
#include "test.h"

#include <unistd.h>

#include "net/socket.h"
#include "party/stip_server.h"
#include "stip/protect.h"
#include "support/ends.h"
#include "support/model_fixture.h"
#include "support/scratch.h"

typedef struct {
    stip_server *server;
    stip_session_end end; /* of the only session */
    size_t sessions;
} stage;

static void note(void *ctx, const stip_session_end *end)
{
    stage *s = ctx;
    s->end = *end;
    s->sessions++;
}

static status run(void *ctx, error *err)
{
    stage *s = ctx;
    return stip_server_run(s->server, note, s, err);
}

static void start(stage *s, const char *dir)
{
    error err = {0};
    const uint8_t seed[STIP_SEED_BYTES] = {9};
    char *src = model_fixture_dir("bert-sequence"), *cloud = scratch_path(dir, "cloud");
    char *owner = scratch_path(dir, "owner");
    *s = (stage){0};
    const stip_server_options o = {
        .model = cloud, .certs = ends_certs(), .address = ":0", .threads = 1};
    if (stip_protect(src, cloud, owner, seed, &err) != OK ||
        stip_server_new(&s->server, &o, &err) != OK) {
        fail_msg("%s", err.text);
    }
    free(src);
    free(cloud);
    free(owner);
}

/* A caller that connects and says nothing: the stop ends it, not the clock. */
static void test_a_stop_does_not_wait_for_tls(void **state)
{
    (void)state;
    stage s;
    error err = {0};
    char address[32], *dir = scratch_new();
    int fd;
    start(&s, dir);
    task *t = task_start(run, &s);
    snprintf(address, sizeof address, ":%u", stip_server_port(s.server));
    assert_int_equal(socket_connect(&fd, address, 5000, &err), OK);
    usleep(50000); /* most likely it has been let in by now; the outcome is the same if not */
    stip_server_stop(s.server);
    assert_int_equal(task_join(t, &err), OK);
    if (s.sessions > 0) {
        assert_error(s.end.why, ERR_NETWORK, "closed the connection during the TLS handshake");
        assert_int_equal(s.end.tally.inputs, 0);
    }
    close(fd);
    stip_server_free(s.server);
    scratch_remove(dir);
}

static int forget(void **state)
{
    (void)state;
    ends_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stop_does_not_wait_for_tls),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
