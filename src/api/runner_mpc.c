/* Two servers and a dealer with all parties in this process. */
#include <string.h>

#include "api/runner.h"
#include "base/mem.h"
#include "mpc/tables.h"
#include "party/mpc_local.h"

typedef struct {
    runner base;
    mpc_local *parties;
} mpc_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    return mpc_local_forward(((mpc_runner *)base)->parties, out, x, err);
}

static uint64_t sent(const mpc_local *l, int link)
{
    return channel_count(mpc_local_link(l, link))->sent.wire_bytes;
}

static uint64_t received(const mpc_local *l, int link)
{
    return channel_count(mpc_local_link(l, link))->received.wire_bytes;
}

static void add_walk(run_cost *c, const char *what, const mpc_times *t, double all)
{
    const size_t i = c->n_walks++;
    c->walks[i].what = what;
    c->walks[i].products = t->products;
    c->walks[i].lookups = t->lookups;
    c->walks[i].waiting = t->waiting;
    c->walks[i].all = all;
}

/* Channels are counted at the ends of the owner and of server 0, and at a server's towards the
 * dealer. */
static void cost(const runner *base, run_cost *c)
{
    const mpc_local *l = ((const mpc_runner *)base)->parties;
    *c = (run_cost){
        .rounds = channel_count(mpc_local_link(l, MPC_LOCAL_SERVERS))->rounds,
        .outside = mpc_local_outside(l),
        .n_parties = 4,
        .sent = {
            {"owner", 0, sent(l, MPC_LOCAL_OWNER0) + sent(l, MPC_LOCAL_OWNER1)},
            {"server0", sent(l, MPC_LOCAL_DEALER0),
             received(l, MPC_LOCAL_OWNER0) + sent(l, MPC_LOCAL_SERVERS)},
            {"server1", sent(l, MPC_LOCAL_DEALER1),
             received(l, MPC_LOCAL_OWNER1) + received(l, MPC_LOCAL_SERVERS)},
            {"dealer", received(l, MPC_LOCAL_DEALER0) + received(l, MPC_LOCAL_DEALER1), 0},
        }};
    static const char *const names[2][2] = {{"server0 preparing", "server0 answering"},
                                            {"server1 preparing", "server1 answering"}};
    for (int i = 0; i < 2; i++) {
        const mpc_tally t = mpc_local_tally(l, i);
        add_walk(c, names[i][0], &t.prepared, t.preparing);
        add_walk(c, names[i][1], &t.evaluated, t.evaluating);
    }
}

static void mpc_runner_free(runner *base)
{
    mpc_runner *r = (mpc_runner *)base;
    mpc_local_free(r->parties);
    mem_free(r);
}

static const runner_ops ops = {.forward = forward, .cost = cost, .free = mpc_runner_free};

status runner_embedding(bool *oblivious, const char *name, error *err)
{
    *oblivious = name && strcmp(name, "oblivious") == 0;
    return !name || *oblivious || strcmp(name, "owner") == 0
               ? OK
               : error_set(err, ERR_USAGE, "embedding '%.40s': must be owner or oblivious", name);
}

size_t runner_oblivious_rows(const model *m)
{
    enum { WORDS = 1 << 24 }; /* 46 MB of one message */
    const size_t rows = WORDS / mpc_table_rows(m);
    const size_t most = rows < MPC_OBLIVIOUS_ROWS ? rows : MPC_OBLIVIOUS_ROWS;
    return most > m->max_tokens ? most : m->max_tokens;
}

status runner_mpc_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    if (s->peers) {
        return runner_mpc_remote_new(out, s, err);
    }
    mpc_protocol protocol;
    bool oblivious;
    TRY(runner_embedding(&oblivious, s->embedding, err));
    TRY(mpc_protocol_find(&protocol, s->protocol, err));
    if (!s->model->layers) {
        return error_set(err, ERR_USAGE,
                         "%s holds no layers to share between servers: name the servers that do",
                         s->model->dir);
    }
    if (s->precision && strcmp(s->precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': mpc has widths of its own", s->precision);
    }
    TRY(s->label_only ? mpc_label_check(s->model, err) : OK);
    mpc_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    const mpc_local_options o = {.threads = s->threads,
                                 .ahead = MPC_LOCAL_AHEAD,
                                 .network = s->network,
                                 .asks = {.guard = s->guard, .label = s->label_only},
                                 .protocol = protocol,
                                 .oblivious = oblivious};
    const status st = mpc_local_new(&r->parties, s->model, &o, err);
    if (st != OK) {
        mem_free(r);
        return st;
    }
    r->base = (runner){.ops = &ops,
                       .threads = mpc_local_threads(r->parties),
                       .label_only = s->label_only,
                       .oblivious = oblivious,
                       .rows = oblivious ? runner_oblivious_rows(s->model) : 0};
    *out = &r->base;
    return OK;
}
