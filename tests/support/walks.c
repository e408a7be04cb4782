#include "support/walks.h"

#include "mpc/dealt.h"
#include "support/ends.h"
#include "test.h"

typedef struct {
    walks *w;
    walks_fn *fn;
    mpc p;
} walk;

wire *walks_input(mpc *p, walks *w, const uint64_t *x, size_t n, unsigned bits, unsigned frac)
{
    wire *y = wire_new(p, n, bits, frac);
    assert_non_null(y);
    if (p->phase != MPC_EVALUATE) {
        return y;
    }
    prg *g = prg_new(w->seed, "input", NULL);
    for (size_t i = 0; i < n; i++) {
        const uint64_t pad = prg_word(g);
        y->share[i] = (p->server ? x[i] - pad : pad) & ring_mask(bits);
    }
    prg_free(g);
    return y;
}

void walks_output(mpc *p, walks *w, size_t k, wire *y)
{
    if (p->phase == MPC_EVALUATE) {
        if (p->server == 0) { /* both walks agree on it */
            w->n[k] = y->n;
            w->bits[k] = y->bits;
        }
        free(w->shares[p->server][k]);
        w->shares[p->server][k] = malloc(y->n * sizeof(uint64_t) + 1);
        assert_non_null(w->shares[p->server][k]);
        memcpy(w->shares[p->server][k], y->share, y->n * sizeof(uint64_t));
    }
    wire_drop(p, y);
}

static status run(void *ctx, error *err)
{
    walk *k = ctx;
    k->p.err = err;
    TRY(k->fn(&k->p, k->w));
    if (k->p.phase == MPC_DEAL) {
        return dealt_flush(k->p.dealt, k->p.dealer, err);
    }
    return k->p.phase == MPC_PREPARE && k->p.server == 1 ? dealt_end(k->p.dealt, err) : OK;
}

static void join(task *t)
{
    error err = {0};
    if (task_join(t, &err) != OK) {
        fail_msg("%s", err.text);
    }
}

static void same_cost(const mpc_cost *a, const mpc_cost *b)
{
    assert_int_equal(a->rounds, b->rounds);
    assert_int_equal(a->opened_bytes, b->opened_bytes);
    assert_int_equal(a->dealt_bytes, b->dealt_bytes);
}

static void draw_seeds(walks *w)
{
    if (w->fixed) {
        memset(w->roots[0], 1, PRG_SEED_BYTES);
        memset(w->roots[1], 2, PRG_SEED_BYTES);
        memset(w->seed, 3, PRG_SEED_BYTES);
        return;
    }
    assert_int_equal(random_bytes(w->roots, sizeof w->roots, NULL), OK);
    assert_int_equal(random_bytes(w->seed, sizeof w->seed, NULL), OK);
}

enum { PLAN, DEAL, PREPARE, EVALUATE = PREPARE + 2, WALKS = EVALUATE + 2 };

void walks_run(walks *w, walks_fn *fn)
{
    static const mpc_phase phases[WALKS] = {MPC_PLAN,    MPC_DEAL,     MPC_PREPARE,
                                            MPC_PREPARE, MPC_EVALUATE, MPC_EVALUATE};
    walk k[WALKS];
    channel *dealer[2], *peers[2];
    queue *queues[2];
    buffers *b;
    isa level;
    assert_int_equal(cpu_pick(&level, NULL), OK);
    level = w->level ? *w->level : level;
    draw_seeds(w);
    assert_int_equal(buffers_new(&b, NULL), OK);
    channel_options o = channel_defaults();
    o.timeout_ms = 600 * 1000; /* nobody goes away, and a machine may have other things to do */
    ends_open(ENDS_MEMORY, dealer, &o);
    ends_open(ENDS_MEMORY, peers, &o);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(queue_new(&queues[i], b, 0, NULL), OK);
    }
    for (size_t i = 0; i < WALKS; i++) {
        const unsigned server = i >= PREPARE ? i % 2 : 0;
        k[i] = (walk){.w = w,
                      .fn = fn,
                      .p = {.phase = phases[i],
                            .server = server,
                            .ring = ring_kernels_for(level),
                            .kernels = mpc_kernels_for(level),
                            .buffers = b,
                            .dealer = dealer[i != DEAL],
                            .peer = peers[server],
                            .queue = queues[server],
                            .dealt = dealt_new(NULL)}};
        assert_int_equal(pool_new(&k[i].p.pool, w->threads ? w->threads : 1, NULL), OK);
        memcpy(k[i].p.root[0], w->roots[server], PRG_SEED_BYTES);
        memcpy(k[i].p.root[1], w->roots[1], PRG_SEED_BYTES);
    }
    join(task_start(run, &k[PLAN]));
    task *offline[] = {task_start(run, &k[DEAL]), task_start(run, &k[PREPARE]),
                       task_start(run, &k[PREPARE + 1])};
    for (size_t i = 0; i < 3; i++) {
        join(offline[i]);
    }
    task *online[] = {task_start(run, &k[EVALUATE]), task_start(run, &k[EVALUATE + 1])};
    join(online[0]);
    join(online[1]);
    w->cost = k[PLAN].p.cost;
    w->sent = channel_count(peers[0])->sent.payload_bytes;
    for (size_t i = DEAL; i < WALKS; i++) {
        same_cost(&k[i].p.cost, &w->cost);
    }
    assert_int_equal(w->sent, w->cost.opened_bytes);
    assert_int_equal(channel_count(peers[0])->rounds, w->cost.rounds);
    assert_int_equal(channel_count(dealer[0])->sent.payload_bytes, w->cost.dealt_bytes);
    for (size_t i = 0; i < WALKS; i++) {
        pool_free(k[i].p.pool);
        dealt_free(k[i].p.dealt);
    }
    for (size_t i = 0; i < 2; i++) {
        queue_free(queues[i]);
        channel_free(dealer[i]);
        channel_free(peers[i]);
    }
    buffers_free(b);
}

uint64_t walks_word(const walks *w, size_t k, size_t i)
{
    return (w->shares[0][k][i] + w->shares[1][k][i]) & ring_mask(w->bits[k]);
}

int64_t walks_signed(const walks *w, size_t k, size_t i)
{
    const unsigned up = 64 - w->bits[k];
    return (int64_t)(walks_word(w, k, i) << up) >> up;
}

void walks_clear(walks *w)
{
    for (size_t i = 0; i < 2 * WALKS_OUTPUTS; i++) {
        free(w->shares[i / WALKS_OUTPUTS][i % WALKS_OUTPUTS]);
        w->shares[i / WALKS_OUTPUTS][i % WALKS_OUTPUTS] = NULL;
    }
}
