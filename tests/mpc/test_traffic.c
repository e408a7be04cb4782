/* Which frames go over which link, and how long they are, is decided by shapes alone: other data,
 * the same frames. */
#include <pthread.h>

#include "net/channel.h"
#include "party/mpc_local.h"
#include "support/calibrated.h"
#include "test.h"

enum { ROLES = 8, MOST = 4096 };

typedef struct {
    uint32_t op;
    size_t len;
} frame;

/* Frames of a direction, in order. */
typedef struct {
    size_t n;
    frame frames[MOST];
} direction;

typedef struct {
    pthread_mutex_t lock;
    direction of[ROLES][ROLES]; /* from, to */
} log_of_frames;

/* The linker brings the library's calls here (tests/CMakeLists.txt). */
static log_of_frames *now;

status __real_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err);
status __real_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);
status __wrap_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err);
status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err);

static void note(const channel *c, uint32_t op, size_t len)
{
    if (!now) {
        return;
    }
    pthread_mutex_lock(&now->lock);
    direction *d = &now->of[channel_role(c)][channel_peer(c)];
    if (d->n < MOST) {
        d->frames[d->n] = (frame){op, len};
    }
    d->n++;
    pthread_mutex_unlock(&now->lock);
}

status __wrap_channel_send(channel *c, uint32_t op, const void *data, size_t len, error *err)
{
    note(c, op, len);
    return __real_channel_send(c, op, data, len, err);
}

status __wrap_channel_swap(channel *c, uint32_t op, const void *mine, size_t n_mine, void *theirs,
                           size_t n_theirs, error *err)
{
    note(c, op, n_mine);
    return __real_channel_swap(c, op, mine, n_mine, theirs, n_theirs, err);
}

/* Everything from sharing the weights to the farewell. */
static log_of_frames *run(const calibrated *c, mpc_asks asks, bool oblivious)
{
    const mpc_local_options o = {
        .threads = 2, .ahead = MPC_LOCAL_AHEAD, .asks = asks, .oblivious = oblivious};
    log_of_frames *l = calloc(1, sizeof *l);
    float *out = calloc(c->n, sizeof *out);
    mpc_local *parties;
    error err = {0};
    assert_true(l && out);
    pthread_mutex_init(&l->lock, NULL);
    now = l;
    if (mpc_local_new(&parties, c->m, &o, &err) != OK ||
        mpc_local_forward(parties, out, &c->in, &err) != OK) {
        fail_msg("%s", err.text);
    }
    mpc_local_free(parties);
    now = NULL;
    pthread_mutex_destroy(&l->lock);
    free(out);
    return l;
}

static void same(const log_of_frames *a, const log_of_frames *b)
{
    size_t links = 0;
    for (size_t from = 0; from < ROLES; from++) {
        for (size_t to = 0; to < ROLES; to++) {
            const direction *x = &a->of[from][to], *y = &b->of[from][to];
            assert_int_equal(x->n, y->n);
            assert_true(x->n <= MOST);
            links += x->n > 0;
            for (size_t i = 0; i < x->n; i++) {
                if (x->frames[i].op != y->frames[i].op || x->frames[i].len != y->frames[i].len) {
                    fail_msg("frame %zu from role %zu to %zu: op %u of %zu bytes, or %u of %zu", i,
                             from, to, x->frames[i].op, x->frames[i].len, y->frames[i].op,
                             y->frames[i].len);
                }
            }
        }
    }
    assert_int_equal(links, 10); /* owner and servers, servers, dealer and servers, both ways */
}

/* The texts, then rows of nothing, of one number, and of numbers that were never seen. */
static void check(const char *name, mpc_asks asks)
{
    calibrated c;
    calibrated_open(&c, name, 4);
    log_of_frames *first = run(&c, asks, false);
    for (int data = 0; data < 3; data++) {
        for (size_t i = 0; i < c.in.rows * c.in.dim; i++) {
            c.x[i] = data == 0 ? 0 : data == 1 ? 1e6F : (float)(i * i % 101) - 50;
        }
        log_of_frames *other = run(&c, asks, false);
        same(first, other);
        free(other);
    }
    free(first);
    calibrated_close(&c);
}

static void test_secformer(void **state)
{
    (void)state;
    check("recipe-secformer", (mpc_asks){0});
}

static void test_freediv(void **state)
{
    (void)state;
    check("recipe-freediv-2quad-kappa", (mpc_asks){0});
}

static void test_exact(void **state)
{
    (void)state;
    check("bert-sequence", (mpc_asks){0});
}

/* Other tokens of the same lengths, and the same token everywhere. */
static void test_oblivious(void **state)
{
    (void)state;
    calibrated c;
    calibrated_open(&c, "recipe-secformer", 4);
    uint32_t *ids = calloc(c.in.rows, sizeof *ids);
    log_of_frames *first = run(&c, (mpc_asks){0}, true);
    c.in.ids = ids;
    for (int data = 0; data < 2; data++) {
        for (size_t i = 0; i < c.in.rows; i++) {
            ids[i] = data == 0 ? 0 : (uint32_t)((i * i + 3) % c.m->embeddings.vocab);
        }
        log_of_frames *other = run(&c, (mpc_asks){0}, true);
        same(first, other);
        free(other);
    }
    free(first);
    free(ids);
    calibrated_close(&c);
}

static void test_label(void **state)
{
    (void)state;
    check("recipe-secformer", (mpc_asks){.label = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secformer), cmocka_unit_test(test_freediv),
        cmocka_unit_test(test_exact),     cmocka_unit_test(test_label),
        cmocka_unit_test(test_oblivious),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
