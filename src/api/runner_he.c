/* Client and server of ciphertexts, both in this process. */
#include <string.h>

#include "api/runner.h"
#include "base/mem.h"
#include "party/he_local.h"

typedef struct {
    runner base;
    he_local *parties;
} he_runner;

static status forward(runner *base, float *out, const embedded *x, error *err)
{
    return he_local_forward(((he_runner *)base)->parties, out, x, err);
}

static status prepare(runner *base, size_t tokens, error *err)
{
    return he_local_prepare(((he_runner *)base)->parties, tokens, err);
}

static void cost(const runner *base, run_cost *c)
{
    const he_local_count n = he_local_counts(((const he_runner *)base)->parties);
    *c = (run_cost){.rounds = n.rounds,
                    .n_parties = 2,
                    .sent = {{"owner", n.client_offline, n.client_online},
                             {"server", n.server_offline, n.server_online}}};
}

static void he_runner_free(runner *base)
{
    he_runner *r = (he_runner *)base;
    he_local_free(r->parties);
    mem_free(r);
}

static const runner_ops ops = {
    .forward = forward, .prepare = prepare, .cost = cost, .free = he_runner_free};

status runner_he_new(runner **out, const runner_setup *s, error *err)
{
    *out = NULL;
    if (s->peers) {
        return runner_he_remote_new(out, s, err);
    }
    if (!s->model->layers) {
        return error_set(err, ERR_USAGE,
                         "%s holds no layers to run on ciphertexts: name the server that does",
                         s->model->dir);
    }
    if (s->key) {
        return error_set(err, ERR_USAGE, "a key is for a server elsewhere: name it");
    }
    if (s->precision && strcmp(s->precision, "f32") != 0) {
        return error_set(err, ERR_USAGE, "precision '%s': he has scales of its own", s->precision);
    }
    he_runner *r = mem_new(1, sizeof *r);
    if (!r) {
        return error_memory(err);
    }
    const he_local_options o = {.threads = s->threads, .network = s->network};
    const status st = he_local_new(&r->parties, s->model, &o, err);
    if (st != OK) {
        mem_free(r);
        return st;
    }
    r->base = (runner){.ops = &ops,
                       .threads = he_local_threads(r->parties),
                       .in_rounds = he_local_plan(r->parties, 1)->program->n_rounds > 0};
    *out = &r->base;
    return OK;
}
