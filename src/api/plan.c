/* Forecast of a private inference: counted where it can be counted, sampled where not. */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "api/plan_he.h"
#include "base/mem.h"
#include "mpc/tables.h"
#include "nn/encoder.h"
#include "party/mpc_forecast.h"
#include "party/mpc_local.h"

enum { DEFAULT_TOKENS = 128, LAYER_LINEARS = 6, LAYER_OPS = 4, SAMPLE_RUNS = 3 };

/* Over slow networks one run is enough: they wait, and that varies little. */
static const double SAMPLE_SECONDS = 2;

typedef struct {
    const model *model;
    size_t tokens, threads;
    network network;
    mpc_asks asks;
    bool oblivious;
    uint32_t *ids; /* of a random input, and zeros behind them for types; positions */
    embedded x;
    size_t start[2];
    float *values; /* of a random input */
    double base;   /* bytes of the process with the model read */
} planner;

/* What runs of the first layers show: the fastest, since a difference is taken of two. */
typedef struct {
    double seconds, setup;
    double shares;   /* bytes of one party's packed weights */
    double resident; /* bytes that all of it added to the process at most */
} sample;

/* ---- A model of the first n layers */

static void move_linear(linear *l, size_t by)
{
    l->id -= (uint32_t)(LAYER_LINEARS * by);
}

/* The same tensors with ids that leave no gap; layers is freed by the caller. */
static status cut(model *out, const model *m, size_t n, error *err)
{
    const size_t by = m->n_layers - n;
    *out = *m;
    out->n_layers = n;
    out->n_linears -= LAYER_LINEARS * by;
    out->n_ops -= LAYER_OPS * by;
    out->layers = mem_new(n, sizeof *out->layers);
    if (!out->layers) {
        return error_memory(err);
    }
    memcpy(out->layers, m->layers, n * sizeof *out->layers);
    move_linear(&out->head.dense, by);
    move_linear(&out->head.out, by);
    out->head.activation.id -= (uint32_t)(LAYER_OPS * by);
    return OK;
}

static status run_sample(const planner *p, const model *m, sample *s, error *err)
{
    mpc_local *l;
    const size_t rows = nn_encoder_rows(m, &p->x.seqs), before = api_resident_bytes();
    const mpc_local_options o = {.threads = p->threads,
                                 .ahead = MPC_LOCAL_AHEAD,
                                 .network = p->network,
                                 .asks = p->asks,
                                 .oblivious = p->oblivious};
    float *out = mem_new(rows * nn_encoder_columns(m), sizeof *out);
    if (!out) {
        return error_memory(err);
    }
    double begin = api_now();
    status st = mpc_local_new(&l, m, &o, err);
    s->setup = api_now() - begin;
    double spent = 0;
    for (size_t i = 0; st == OK && i < SAMPLE_RUNS && spent < SAMPLE_SECONDS; i++) {
        begin = api_now();
        st = mpc_local_forward(l, out, &p->x, err);
        const double seconds = api_now() - begin;
        s->seconds = i == 0 ? seconds : fmin(s->seconds, seconds);
        spent += seconds;
    }
    if (st == OK) {
        s->shares = (double)mpc_local_share_bytes(l);
        s->resident = (double)(api_resident_bytes() - before);
    }
    mpc_local_free(l);
    mem_free(out);
    return st;
}

static status sample_layers(const planner *p, size_t n, sample *s, error *err)
{
    model m;
    TRY(cut(&m, p->model, n, err));
    const status st = run_sample(p, &m, s, err);
    mem_free(m.layers);
    return st;
}

/* From one and two layers to all of them: whatever a layer adds, it adds each time. */
static status extrapolate(const planner *p, double dealt, sample *all, error *err)
{
    const double n = (double)p->model->n_layers;
    if (n <= 2) {
        return run_sample(p, p->model, all, err);
    }
    sample one, two;
    TRY(sample_layers(p, 1, &one, err));
    TRY(sample_layers(p, 2, &two, err));
    const double more = n - 2;
    *all = (sample){
        .seconds = two.seconds + more * fmax(0, two.seconds - one.seconds),
        .setup = two.setup + more * fmax(0, two.setup - one.setup),
        .shares = two.shares + more * (two.shares - one.shares),
    };
    /* masked weights and three parties' shares, and words that are dealt ahead of their use; the
     * rest is buffers, which layers use in turn */
    all->resident = two.resident + 4 * (all->shares - two.shares) + fmin(MPC_LOCAL_AHEAD, dealt) -
                    fmin(MPC_LOCAL_AHEAD, dealt * 2 / n);
    return OK;
}

/* ---- The report */

static json_t *bytes(uint64_t offline, uint64_t online)
{
    return json_pack("{s:I, s:I}", "offline", (json_int_t)offline, "online", (json_int_t)online);
}

/* The ranges that look-ups and openings take for granted. */
static json_t *assumed(const model *m)
{
    json_t *o = json_object();
    for (size_t i = 0; o && i < m->recipe.n_ranges; i++) {
        const slot_range *r = &m->recipe.ranges[i];
        json_object_set_new(o, r->slot, json_pack("[f, f]", r->lo, r->hi));
    }
    return o;
}

static status report(char **json, const planner *p, const mpc_forecast *f, const sample *s,
                     error *err)
{
    const protection *how = NULL;
    TRY(protection_find(&how, "mpc", p->model, err));
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:I, s:{s:f, s:f}, s:I, s:I, s:{s:o, s:o, s:o, s:o}, s:o, s:o}", "protect",
        "mpc", "recipe", p->model->recipe.name, "network", network_name(p->network), "tokens",
        (json_int_t)p->tokens, "seconds", "setup", s->setup, "run", s->seconds, "rounds",
        (json_int_t)f->rounds, "peak_bytes", (json_int_t)(s->resident + p->base), "bytes_sent",
        "owner", bytes(0, f->owner), "server0", bytes(f->server_offline, f->server_online),
        "server1", bytes(f->server_offline, f->server_online), "dealer", bytes(f->dealer, 0),
        "assumed_ranges", assumed(p->model), "learned",
        protection_learned_json(how, p->asks.label, p->oblivious));
    return api_dump(json, o, err);
}

static status random_tokens(planner *p, error *err)
{
    const size_t n = p->tokens;
    p->ids = mem_new(3 * n, sizeof *p->ids);
    if (!p->ids) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        p->ids[i] = (uint32_t)(i * 7919 % p->model->embeddings.vocab);
    }
    nn_positions(p->ids + n, p->model, p->ids, n);
    p->x.ids = p->ids;
    p->x.positions = p->ids + n;
    p->x.types = p->ids + 2 * n;
    return OK;
}

static status random_input(planner *p, error *err)
{
    const size_t n = p->tokens * p->model->dim;
    p->values = mem_new(n, sizeof *p->values);
    if (!p->values) {
        return error_memory(err);
    }
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        p->values[i] = (float)(state >> 40) / 16777216.0F - 0.5F;
    }
    p->start[1] = p->tokens;
    p->x =
        (embedded){.rows = p->tokens, .dim = p->model->dim, .seqs = {1, p->start}, .x = p->values};
    return p->oblivious ? random_tokens(p, err) : OK;
}

static status plan(char **json, planner *p, error *err)
{
    mpc_plan *widths;
    mpc_forecast f;
    sample s;
    p->base = (double)api_resident_bytes();
    TRY(random_input(p, err));
    mpc_choice choice = {.oblivious = p->oblivious};
    TRY(p->oblivious ? mpc_tables_measure(&choice.tables, p->model, err) : OK);
    TRY(mpc_plan_make(&widths, p->model, &choice, err));
    const status st = mpc_forecast_make(&f, p->model, widths, &p->x, p->asks, err);
    mpc_plan_free(widths);
    TRY(st);
    TRY(extrapolate(p, (double)f.dealt_bytes, &s, err));
    return report(json, p, &f, &s, err);
}

tacit_status tacit_plan(const tacit_model *m, const tacit_plan_options *o, char **json,
                        tacit_error *err)
{
    error inner = {0};
    const size_t most = m->model->max_tokens;
    planner p = {.model = m->model,
                 .threads = o->threads,
                 .asks = {.guard = o->guard, .label = o->label_only},
                 .tokens = o->tokens               ? o->tokens
                           : most < DEFAULT_TOKENS ? most
                                                   : DEFAULT_TOKENS};
    *json = NULL;
    status st = network_find(&p.network, o->network ? o->network : "local", &inner);
    const bool he = o->protect && strcmp(o->protect, "he") == 0;
    if (st == OK && o->protect && !he && strcmp(o->protect, "mpc") != 0) {
        st = error_set(&inner, ERR_USAGE, "protection '%s': forecasts are made for mpc and he",
                       o->protect);
    } else if (st == OK && !p.model->layers) {
        st = error_set(&inner, ERR_USAGE, "%s holds no layers", p.model->dir);
    } else if (st == OK && p.tokens > most) {
        st =
            error_set(&inner, ERR_USAGE, "%zu tokens: the model takes at most %zu", p.tokens, most);
    }
    if (st == OK && he) {
        st = plan_he(json, p.model, o->tokens, o->threads, p.network, &inner);
        return api_return(err, st, &inner);
    }
    if (st == OK) {
        st = runner_embedding(&p.oblivious, o->embedding, &inner);
    }
    if (st == OK && p.asks.label) {
        st = mpc_label_check(p.model, &inner);
    }
    if (st == OK) {
        st = plan(json, &p, &inner);
    }
    mem_free(p.values);
    mem_free(p.ids);
    return api_return(err, st, &inner);
}
