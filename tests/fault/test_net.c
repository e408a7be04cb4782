#define _GNU_SOURCE
/* net/ where memory and files fail. */
#include "fault/exhaust.h"

#include <openssl/err.h>
#include <unistd.h>

#include "net/certs.h"
#include "net/handshake.h"
#include "net/tls.h"
#include "support/scratch.h"

enum { OP = 300 };

/* Two ends in one thread: what either sends fits into the queue. */
static status use_channels(void *ctx, error *err)
{
    channel *c[2];
    uint8_t got[10];
    size_t len = 0;
    uint8_t *taken = NULL;
    (void)ctx;
    TRY(channel_pair(c, ROLE_OWNER, ROLE_CLOUD, NULL, err));
    arena *a = arena_new();
    status st = a ? channel_send(c[0], OP, "0123456789", 10, err) : error_memory(err);
    if (st == OK) {
        st = channel_receive(c[1], OP, got, 10, err);
    }
    if (st == OK) {
        st = channel_send(c[1], OP, "abc", 3, err);
    }
    if (st == OK) {
        st = channel_receive_arena(c[0], OP, 10, a, &taken, &len, err);
    }
    if (st == OK && (len != 3 || memcmp(taken, "abc", 3) != 0)) {
        st = error_set(err, ERR_INTERNAL, "what came is not what was sent");
    }
    arena_free(a);
    channel_free(c[0]);
    channel_free(c[1]);
    return st;
}

static void test_channels(void **state)
{
    (void)state;
    ERR_clear_error(); /* OpenSSL makes its store of errors, which it keeps */
    for (int from = 0; from < 2; from++) {
        exhaust(use_channels, NULL, FAULT_MEMORY, from);
    }
}

static status use_certs(void *dir, error *err)
{
    TRY(certs_make(dir, role_only(ROLE_OWNER), 1, err));
    scratch_remove(strdup(dir));
    return OK;
}

/* What could not be finished is not there: else the next run could not make it. */
static void test_certs_on_a_bad_disk(void **state)
{
    (void)state;
    char *folder = scratch_new(), *dir = scratch_path(folder, "certs");
    for (int from = 0; from < 2; from++) {
        exhaust(use_certs, dir, FAULT_FILES, from);
    }
    assert_int_equal(rmdir(folder), 0);
    free(dir);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_certs_on_a_bad_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
