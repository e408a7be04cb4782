#define _GNU_SOURCE
#include "party/he_local.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "he/states.h"

/* Parties for inputs of up to so many tokens. */
typedef struct {
    he_plan *plan;
    he_server *server;
    he_client *client;
    he_session *session;
} place;

/* Short inputs and long ones: two rings. */
enum { PLACES = 2 };

struct he_local {
    const model *model;
    pool *pool;
    network network;
    place place[PLACES];
    he_local_count count;
};

static void place_clear(place *p)
{
    he_session_free(p->session);
    he_client_free(p->client);
    he_server_free(p->server);
    he_plan_free(p->plan);
    *p = (place){0};
}

status he_local_new(he_local **out, const model *m, const he_local_options *o, error *err)
{
    *out = NULL;
    he_local *l = mem_new(1, sizeof *l);
    if (!l) {
        return error_memory(err);
    }
    const he_wish wish = {.tokens = 1};
    l->model = m;
    l->network = o->network;
    status st = he_states_check(m, err);
    st = st == OK ? pool_new(&l->pool, o->threads, err) : st;
    st = st == OK ? he_plan_make(&l->place[0].plan, m, &wish, err) : st;
    if (st != OK) {
        he_local_free(l);
        return st;
    }
    *out = l;
    return OK;
}

void he_local_free(he_local *l)
{
    if (l) {
        for (size_t i = 0; i < PLACES; i++) {
            place_clear(&l->place[i]);
        }
        pool_free(l->pool);
        mem_free(l);
    }
}

he_local_count he_local_counts(const he_local *l)
{
    return l->count;
}

size_t he_local_threads(const he_local *l)
{
    return pool_size(l->pool);
}

/* ---- Getting ready */

static status check_memory(const he_plan *p, error *err)
{
    const size_t need = p->key_memory + p->weight_memory + p->run_memory, have = mem_available();
    if (need > have) {
        return error_set(err, ERR_RESOURCE,
                         "he: %.1f GB for keys and weights of %zu tokens, of which %.1f are free",
                         (double)need / 1e9, p->program->shape.tokens, (double)have / 1e9);
    }
    return OK;
}

/* As long as a message is under way. */
static void travel(const he_local *l, size_t bytes)
{
    const emulated_link link = link_of(l->network);
    const int64_t ns = l->network == NETWORK_LOCAL ? 0 : link_cost(&link, bytes);
    const struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    if (ns > 0) {
        nanosleep(&t, NULL);
    }
}

static status send_keys(he_local *l, place *p, error *err)
{
    for (size_t i = 0; i < he_client_offer(p->client)->n_keys; i++) {
        he_bytes key;
        TRY(he_client_key(p->client, &key, i, err));
        l->count.client_offline += key.len;
        travel(l, key.len);
        const status st = he_session_key(p->session, he_bytes_span(&key), err);
        he_bytes_clear(&key);
        TRY(st);
    }
    return OK;
}

static status meet(he_local *l, place *p, error *err)
{
    he_bytes offer;
    const he_client_options o = {.pool = l->pool};
    TRY(he_server_new(&p->server, p->plan, l->pool, err));
    TRY(he_session_new(&p->session, p->server, l->pool, err));
    TRY(he_offer_write(&offer, p->plan, err));
    l->count.server_offline += offer.len;
    travel(l, offer.len);
    const status st = he_client_new(&p->client, he_bytes_span(&offer), &o, err);
    he_bytes_clear(&offer);
    TRY(st);
    return send_keys(l, p, err);
}

static place *place_for(const he_local *l, size_t tokens)
{
    const bool is_short = tokens <= l->place[0].plan->program->shape.tokens;
    return (place *)(uintptr_t)&l->place[is_short ? 0 : 1];
}

const he_plan *he_local_plan(const he_local *l, size_t tokens)
{
    return place_for(l, tokens)->plan;
}

status he_local_prepare(he_local *l, size_t tokens, error *err)
{
    place *p = place_for(l, tokens);
    const he_wish wish = {.tokens = tokens};
    if (p->client && he_session_ready(p->session)) {
        return OK;
    }
    status st = p->plan ? OK : he_plan_make(&p->plan, l->model, &wish, err);
    st = st == OK ? check_memory(p->plan, err) : st;
    st = st == OK ? meet(l, p, err) : st;
    if (st != OK && p != &l->place[0]) {
        place_clear(p);
    } else if (st != OK) { /* the plan for short inputs stays */
        he_plan *plan = p->plan;
        p->plan = NULL;
        he_session_free(p->session);
        he_client_free(p->client);
        he_server_free(p->server);
        *p = (place){.plan = plan};
    }
    return st;
}

/* ---- Answering */

/* The server's message to the client's, which is given back. */
static status serve(he_local *l, place *p, he_bytes *out, he_bytes *in, error *err)
{
    const status st = he_session_run(p->session, out, he_bytes_span(in), err);
    he_bytes_clear(in);
    if (st == OK) {
        l->count.server_online += out->len;
        l->count.rounds++;
        travel(l, out->len);
    }
    return st;
}

static status answer(he_local *l, place *p, float *out, const float *x, size_t n, error *err)
{
    he_bytes in, result = {0};
    TRY(he_client_input(p->client, &in, x, n, err));
    l->count.client_online += in.len;
    travel(l, in.len);
    status st = serve(l, p, &result, &in, err);
    for (size_t i = 0; st == OK && he_session_waits(p->session); i++) {
        st = he_client_round(p->client, &in, i, he_bytes_span(&result), err);
        he_bytes_clear(&result);
        if (st == OK) {
            l->count.client_online += in.len;
            travel(l, in.len);
            st = serve(l, p, &result, &in, err);
        }
    }
    if (st == OK) {
        st = he_client_result(p->client, out, he_bytes_span(&result), err);
    }
    he_bytes_clear(&result);
    return st;
}

status he_local_forward(he_local *l, float *out, const embedded *x, error *err)
{
    const model *m = l->model;
    for (size_t i = 0; i < x->seqs.n; i++) {
        const size_t first = x->seqs.start[i], n = x->seqs.start[i + 1] - first;
        float *rows = mem_new(n * x->dim, sizeof *rows);
        if (!rows) {
            return error_memory(err);
        }
        memcpy(rows, x->x + first * x->dim, n * x->dim * sizeof *rows);
        he_states(rows, &m->embeddings.norm, n);
        status st = he_local_prepare(l, n, err);
        st = st == OK ? answer(l, place_for(l, n), out + i * m->head.n_labels, rows, n, err) : st;
        mem_wipe(rows, n * x->dim * sizeof *rows);
        mem_free(rows);
        TRY(st);
    }
    return OK;
}
