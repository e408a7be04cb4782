#include <string.h>

#include "api/api.h"
#include "base/mem.h"

status session_adopt(tacit_session **out, const model *m, const protection *how, runner *r,
                     error *err)
{
    *out = NULL;
    tacit_session *s = mem_new(1, sizeof *s);
    if (!s) {
        r->ops->free(r);
        return error_memory(err);
    }
    *s = (tacit_session){.model = m, .protection = how, .runner = r};
    *out = s;
    return OK;
}

status session_new(tacit_session **out, const char *protect, const runner_setup *setup, error *err)
{
    *out = NULL;
    const double begin = api_now();
    const protection *how = NULL;
    runner *r = NULL;
    TRY(protection_find(&how, protect, setup->model, err));
    if ((setup->label_only || setup->embedding) && strcmp(how->name, "mpc") != 0) {
        return error_set(err, ERR_USAGE, "protection %s: only mpc %s", how->name,
                         setup->label_only ? "gives labels without numbers"
                                           : "embeds for an owner");
    }
    if (setup->key && strcmp(how->name, "he") != 0) {
        return error_set(err, ERR_USAGE, "protection %s: only he has keys in a directory",
                         how->name);
    }
    TRY(how->start(&r, setup, err));
    TRY(session_adopt(out, setup->model, how, r, err));
    (*out)->network = setup->network;
    (*out)->guard = setup->guard;
    (*out)->setup_s = api_now() - begin;
    return OK;
}

void session_free(tacit_session *s)
{
    if (s) {
        s->runner->ops->free(s->runner);
        mem_free(s);
    }
}

static run_cost cost_so_far(const tacit_session *s)
{
    run_cost c = {0};
    if (s->runner->ops->cost) {
        s->runner->ops->cost(s->runner, &c);
    }
    return c;
}

/* Sequences begin .. begin + n - 1 of what is packed, embedded in x, through the network. */
static status forward(tacit_session *s, float *out, float *x, size_t *start, const packed *p,
                      size_t begin, size_t n, error *err)
{
    const size_t row = p->start[begin];
    for (size_t i = 0; i <= n; i++) {
        start[i] = p->start[begin + i] - row;
    }
    const tokens t = {
        .seqs = {.n = n, .start = start},
        .ids = p->ids + row,
        .positions = p->positions + row,
        .types = p->types + row,
    };
    embedded in = {.rows = start[n], .dim = s->model->dim, .seqs = t.seqs};
    if (s->runner->oblivious) {
        TRY(nn_check_tokens(s->model, &t, err));
        in.ids = t.ids;
        in.positions = t.positions;
        in.types = t.types;
    } else {
        TRY(nn_embed(x, s->model, &t, err));
        in.x = x;
    }
    return s->runner->ops->forward(s->runner, out, &in, err);
}

/* As many whole sequences from `begin` on as fit RUN_ROWS rows, one at the least, so that the
 * memory of a run is bounded whatever the number of inputs. */
enum { RUN_ROWS = 4096 };

static size_t sequences_that_fit(const tacit_session *s, const packed *p, size_t begin)
{
    const size_t most = s->runner->rows ? s->runner->rows : RUN_ROWS;
    size_t n = 1;
    while (begin + n < p->n_seqs && p->start[begin + n + 1] - p->start[begin] <= most) {
        n++;
    }
    return n;
}

static status run_pieces(tacit_session *s, tacit_result *r, error *err)
{
    const packed *p = &r->tokens;
    size_t most = 0;
    for (size_t i = 0; i < p->n_seqs; i += sequences_that_fit(s, p, i)) {
        const size_t rows = p->start[i + sequences_that_fit(s, p, i)] - p->start[i];
        most = rows > most ? rows : most;
    }
    size_t values;
    float *x = mem_mul(&values, most, s->model->dim) ? mem_new(values, sizeof *x) : NULL;
    size_t *start = mem_new(p->n_seqs + 1, sizeof *start);
    status st = x && start ? OK : error_memory(err);
    for (size_t i = 0; st == OK && i < p->n_seqs;) {
        const size_t n = sequences_that_fit(s, p, i);
        st = forward(s, r->values + r->first[i] * r->columns, x, start, p, i, n, err);
        i += n;
    }
    if (x) {
        mem_wipe(x, values * sizeof *x);
    }
    mem_free(x);
    mem_free(start);
    return st;
}

static tacit_kind kind_of(const head *h)
{
    if (h->kind == HEAD_EMBEDDING) {
        return TACIT_EMBEDDING;
    }
    if (h->kind == HEAD_TOKEN) {
        return TACIT_TOKENS;
    }
    return h->problem == PROBLEM_REGRESSION    ? TACIT_REGRESSION
           : h->problem == PROBLEM_MULTI_LABEL ? TACIT_LABELS
                                               : TACIT_LABEL;
}

static status make_result(tacit_result **out, const tacit_session *s, packed *p, error *err)
{
    tacit_result *r = mem_new(1, sizeof *r);
    if (!r) {
        packed_clear(p);
        return error_memory(err);
    }
    r->tokens = *p;
    *p = (packed){0};
    r->owner = s->owner;
    r->kind = kind_of(&s->model->head);
    r->n = r->tokens.n_seqs;
    r->label_only = s->runner->label_only;
    r->columns = r->label_only ? 1 : nn_encoder_columns(s->model);
    r->first = mem_new(r->n + 1, sizeof *r->first);
    if (r->first) {
        for (size_t i = 0; i <= r->n; i++) {
            r->first[i] = r->kind == TACIT_TOKENS ? r->tokens.start[i] : i;
        }
        size_t values;
        if (mem_mul(&values, r->first[r->n], r->columns)) {
            r->values = mem_new(values, sizeof *r->values);
        }
    }
    if (!r->values) {
        tacit_result_free(r);
        return error_memory(err);
    }
    *out = r;
    return OK;
}

/* Embeddings of length one: the owner's step, after the answer is open. */
static void normalise(tacit_result *r)
{
    for (size_t i = 0; i < r->n; i++) {
        float *v = r->values + i * r->columns;
        double sum = 0;
        for (size_t j = 0; j < r->columns; j++) {
            sum += (double)v[j] * v[j];
        }
        const double length = sum > 1e-24 ? __builtin_sqrt(sum) : 1e-12;
        for (size_t j = 0; j < r->columns; j++) {
            v[j] = (float)(v[j] / length);
        }
    }
}

/* What the shortest and the longest sequence ask for is there before any is looked at. */
static status prepare(tacit_session *s, const packed *p, error *err)
{
    size_t shortest = SIZE_MAX, longest = 0;
    for (size_t i = 0; i < p->n_seqs; i++) {
        const size_t n = p->start[i + 1] - p->start[i];
        shortest = n < shortest ? n : shortest;
        longest = n > longest ? n : longest;
    }
    if (!s->runner->ops->prepare || p->n_seqs == 0) {
        return OK;
    }
    TRY(s->runner->ops->prepare(s->runner, shortest, err));
    return s->runner->ops->prepare(s->runner, longest, err);
}

status session_run(tacit_session *s, tacit_result **out, packed *p, error *err)
{
    *out = NULL;
    tacit_result *r = NULL;
    TRY(make_result(&r, s, p, err));
    double begin = api_now();
    s->before = cost_so_far(s);
    status st = prepare(s, &r->tokens, err);
    s->offline_s = s->runner->ops->prepare ? api_now() - begin : 0;
    begin = api_now();
    st = st == OK ? run_pieces(s, r, err) : st;
    s->online_s = api_now() - begin;
    if (st != OK) {
        tacit_result_free(r);
        return st;
    }
    if (r->kind == TACIT_EMBEDDING && s->model->head.normalise) {
        normalise(r);
    }
    *out = r;
    return OK;
}

/* What the last run sent, by party: for what does not depend on its input, and for what does. */
static json_t *sent_json(const run_cost *now, const run_cost *before)
{
    json_t *o = json_object();
    for (size_t i = 0; i < now->n_parties; i++) {
        const uint64_t online = now->sent[i].online - before->sent[i].online;
        const uint64_t offline = now->sent[i].offline - before->sent[i].offline;
        json_object_set_new(
            o, now->sent[i].party,
            json_pack("{s:I, s:I}", "offline", (json_int_t)offline, "online", (json_int_t)online));
    }
    return o;
}

/* Where the last run's time went, by thread; what is left of the whole is masks. */
static void add_walks(json_t *o, const run_cost *now, const run_cost *before)
{
    if (now->n_walks == 0) {
        return;
    }
    json_t *walks = json_object();
    for (size_t i = 0; walks && i < now->n_walks; i++) {
        const double products = now->walks[i].products - before->walks[i].products;
        const double lookups = now->walks[i].lookups - before->walks[i].lookups;
        const double waiting = now->walks[i].waiting - before->walks[i].waiting;
        const double all = now->walks[i].all - before->walks[i].all;
        json_object_set_new(walks, now->walks[i].what,
                            json_pack("{s:f, s:f, s:f, s:f}", "products", products, "lookups",
                                      lookups, "waiting", waiting, "masks",
                                      all - products - lookups - waiting));
    }
    json_object_set_new(o, "seconds_by", walks);
}

/* What was taken for granted about the model's values, and whether anybody has looked. */
static json_t *ranges_json(const tacit_session *s, const run_cost *now)
{
    json_t *o = json_pack("{s:I, s:b}", "assumed", (json_int_t)s->model->recipe.n_ranges, "guarded",
                          (int)s->guard);
    if (o && s->guard) {
        json_object_set_new(o, "outside", json_boolean(now->outside));
    }
    return o;
}

json_t *session_report(const tacit_session *s)
{
    const protection *p = s->protection;
    const run_cost now = cost_so_far(s);
    json_t *o = json_pack(
        "{s:s, s:s, s:s, s:{s:f, s:f, s:f}, s:I, s:I, s:o, s:o}", "protect", p->name, "recipe",
        s->model->recipe.name, "network", network_name(s->network), "seconds", "setup", s->setup_s,
        "offline", s->offline_s, "online", s->online_s, "rounds",
        (json_int_t)(now.rounds - s->before.rounds), "peak_bytes", (json_int_t)api_peak_bytes(),
        "bytes_sent", sent_json(&now, &s->before), "learned",
        s->runner->in_rounds
            ? protection_learned_in_rounds(p)
            : protection_learned_json(p, s->runner->label_only, s->runner->oblivious));
    if (o) {
        add_walks(o, &now, &s->before);
    }
    if (o && strcmp(p->name, "mpc") == 0) {
        json_object_set_new(o, "ranges", ranges_json(s, &now));
    }
    return o;
}

/* ---- public ---- */

tacit_status tacit_session_new(tacit_session **out, const tacit_model *m,
                               const tacit_session_options *o, tacit_error *err)
{
    static const tacit_session_options defaults = {0};
    error inner = {0};
    o = o ? o : &defaults;
    runner_setup setup = {.model = m->model,
                          .precision = o->precision,
                          .threads = o->threads,
                          .peers = o->peers,
                          .timeout = o->timeout,
                          .certs = o->certs,
                          .guard = o->guard != 0,
                          .label_only = o->label_only,
                          .embedding = o->embedding,
                          .protocol = o->protocol,
                          .key = o->key,
                          .progress = o->progress,
                          .progress_ctx = o->progress_ctx};
    *out = NULL;
    status st = model_check_askable(m, &inner);
    if (st == OK && o->network) {
        st = network_find(&setup.network, o->network, &inner);
    }
    if (st == OK) {
        st = session_new(out, o->protect, &setup, &inner);
    }
    if (st == OK) {
        (*out)->owner = m;
    }
    return api_return(err, st, &inner);
}

void tacit_session_free(tacit_session *s)
{
    session_free(s);
}

tacit_status tacit_session_report(const tacit_session *s, char **json, tacit_error *err)
{
    error inner = {0};
    const status st = api_dump(json, session_report(s), &inner);
    return api_return(err, st, &inner);
}

tacit_status tacit_run(tacit_session *s, tacit_result **out, const tacit_input *inputs, size_t n,
                       tacit_error *err)
{
    error inner = {0};
    packed p;
    *out = NULL;
    status st = packed_from_texts(&p, s->owner, inputs, n, &inner);
    if (st == OK) {
        st = session_run(s, out, &p, &inner);
    }
    return api_return(err, st, &inner);
}

tacit_status tacit_run_batch(tacit_session *s, tacit_result **out, const tacit_batch *b,
                             tacit_error *err)
{
    error inner = {0};
    packed p;
    *out = NULL;
    status st = packed_from_batch(&p, s->model, b, &inner);
    if (st == OK) {
        st = session_run(s, out, &p, &inner);
    }
    return api_return(err, st, &inner);
}
