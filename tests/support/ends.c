#define _GNU_SOURCE
#include "support/ends.h"

#include <pthread.h>

#include "net/certs.h"
#include "net/channel_io.h"
#include "support/scratch.h"
#include "test.h"

struct task {
    pthread_t thread;
    task_fn *fn;
    void *ctx;
    status result;
    error err;
};

static void *run(void *arg)
{
    task *t = arg;
    t->result = t->fn(t->ctx, &t->err);
    return NULL;
}

task *task_start(task_fn *fn, void *ctx)
{
    task *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->fn = fn;
    t->ctx = ctx;
    assert_int_equal(pthread_create(&t->thread, NULL, run, t), 0);
    return t;
}

status task_join(task *t, error *err)
{
    assert_int_equal(pthread_join(t->thread, NULL), 0);
    const status st = t->result;
    if (err) {
        *err = t->err;
    }
    free(t);
    return st;
}

static struct {
    char *scratch, *dir;
} certs;

const char *ends_certs(void)
{
    if (!certs.dir) {
        error err = {0};
        certs.scratch = scratch_new();
        certs.dir = scratch_path(certs.scratch, "certs");
        role_set all = 0;
        for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
            all |= role_only(r);
        }
        if (certs_make(certs.dir, all, 2, &err) != OK) {
            fail_msg("%s", err.text);
        }
    }
    return certs.dir;
}

void ends_forget(void)
{
    if (certs.dir) {
        scratch_remove(certs.scratch);
        free(certs.dir);
        certs.dir = NULL;
    }
}

typedef struct {
    listener *place;
    const identity *me;
    tls_options options;
    channel *made;
} acceptance;

static status accept_one(void *ctx, error *err)
{
    acceptance *a = ctx;
    int fd;
    TRY(listener_wait(a->place, 10000, &fd, err));
    return tls_accept(&a->made, fd, a->me, role_only(ROLE_OWNER), &a->options, err);
}

static void open_tls(channel *out[2], const channel_options *o)
{
    error err = {0};
    identity *owner = NULL, *cloud = NULL;
    acceptance a = {.options = tls_defaults()};
    if (o) {
        a.options.channel = *o;
    }
    if (identity_new(&owner, ends_certs(), ROLE_OWNER, &err) != OK ||
        identity_new(&cloud, ends_certs(), ROLE_CLOUD, &err) != OK ||
        listener_new(&a.place, ":0", &err) != OK) {
        fail_msg("%s", err.text);
    }
    a.me = cloud;
    char address[32];
    snprintf(address, sizeof address, ":%u", (unsigned)listener_port(a.place));
    task *other = task_start(accept_one, &a);
    if (tls_connect(&out[0], address, owner, ROLE_CLOUD, &a.options, &err) != OK) {
        fail_msg("%s", err.text);
    }
    if (task_join(other, &err) != OK) {
        fail_msg("%s", err.text);
    }
    out[1] = a.made;
    listener_free(a.place);
    identity_free(owner); /* the channels hold what they need of them */
    identity_free(cloud);
}

void ends_open(ends_kind kind, channel *out[2], const channel_options *o)
{
    if (kind == ENDS_TLS) {
        open_tls(out, o);
    } else {
        assert_int_equal(channel_pair(out, ROLE_OWNER, ROLE_CLOUD, o, NULL), OK);
    }
}

void ends_kill(channel *c)
{
    c->closed = true;
    channel_free(c);
}

void ends_send_raw(channel *c, const void *bytes, size_t len)
{
    outgoing o = {.piece = {bytes, NULL}, .left = {len, 0}, .until = INT64_MAX};
    assert_int_equal(channel_pump(c, &o, NULL, NULL), OK);
}
