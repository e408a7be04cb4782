#include "party/he_owner.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "he/seed.h"
#include "he/states.h"
#include "party/he_terms.h"

/* Where the server's bytes were wrong, who it was. */
static status blame(const he_owner *w, status st, error *err)
{
    if (st == ERR_PROTOCOL || st == ERR_ARTEFACT) {
        error_prefix(err, "%s", role_name(channel_peer(w->o.server)));
    }
    return st;
}

static he_owner_count count(const he_owner *w)
{
    const channel_counters *c = channel_count(w->o.server);
    return (he_owner_count){
        .sent = c->sent.wire_bytes, .received = c->received.wire_bytes, .rounds = c->rounds};
}

static void add_since(he_owner_count *to, const he_owner *w, const he_owner_count *before)
{
    const he_owner_count now = count(w);
    to->sent += now.sent - before->sent;
    to->received += now.received - before->received;
    to->rounds += now.rounds - before->rounds;
}

status he_owner_begin(he_owner *w, const he_owner_options *o, error *err)
{
    handshake_terms terms;
    char parameters[HE_PARAMETERS_BYTES];
    *w = (he_owner){.o = *o};
    TRY(he_states_check(o->model, err));
    TRY(he_terms(&terms, parameters, o->server, o->digest, err));
    TRY(handshake(o->server, true, &terms, err));
    channel_set_timeout(o->server, o->timeout_ms);
    return OK;
}

void he_owner_end(he_owner *w)
{
    if (w->o.server) {
        (void)!channel_send(w->o.server, HE_SAY_END, NULL, 0, NULL);
    }
    for (size_t i = 0; i < HE_PLACES; i++) {
        he_client_free(w->client[i]);
    }
    *w = (he_owner){0};
}

/* ---- Getting ready */

/* The frame `op`, or a refusal, which is an error; into the arena. */
static status hear(he_owner *w, uint32_t op, size_t most, arena *a, span *out, error *err)
{
    const channel_allowed allowed[] = {{op, most}, {HE_SAY_REFUSE, HE_REFUSE_BYTES}};
    uint32_t got = 0;
    size_t len = 0;
    TRY(channel_next(w->o.server, allowed, 2, &got, &len, err));
    uint8_t *in = arena_take(a, len ? len : 1, 1);
    if (!in) {
        return error_memory(err);
    }
    TRY(channel_payload(w->o.server, in, err));
    *out = (span){.data = in, .len = len};
    if (got == op) {
        return OK;
    }
    if (len != HE_REFUSE_BYTES) {
        return blame(w, error_set(err, ERR_PROTOCOL, "a refusal of %zu bytes", len), err);
    }
    const he_shortage why = he_refuse_read(in);
    return error_set(err, ERR_RESOURCE,
                     "he-server: needs %.2f GB for weights, keys and runs, its limit is %.2f GB",
                     (double)why.need / 1e9, (double)why.limit / 1e9);
}

/* A client for what the server offers, under a key that belongs to this offer alone. */
static status meet(he_owner *w, size_t tokens, span offer, he_client **out, he_key_set *set,
                   error *err)
{
    uint8_t key[PRG_SEED_BYTES];
    const he_client_options options = {.pool = w->o.pool, .seed = key};
    status st = he_seed_for(key, set->name, w->o.seed, offer, err);
    st = st == OK ? blame(w, he_client_new(out, offer, &options, err), err) : st;
    mem_wipe(key, sizeof key);
    TRY(st);
    const he_offer *o = he_client_offer(*out);
    const model *m = w->o.model;
    if (o->dim != m->dim || o->n_heads != m->n_heads || o->n_labels != m->head.n_labels) {
        st = error_set(err, ERR_PROTOCOL, "its model has %zu features, %zu heads and %zu labels",
                       o->dim, o->n_heads, o->n_labels);
    } else if (tokens > o->tokens) {
        st = error_set(err, ERR_PROTOCOL, "%zu tokens were asked for, %zu offered", tokens,
                       o->tokens);
    }
    return blame(w, st, err);
}

static status send_keys(he_owner *w, he_client *c, const he_key_set *set, arena *a, error *err)
{
    uint8_t question[HE_KEYS_BYTES];
    const size_t n = he_client_offer(c)->n_keys;
    size_t wanted;
    span in;
    he_keys_write(question, set);
    TRY(channel_send(w->o.server, HE_SAY_KEYS, question, sizeof question, err));
    TRY(hear(w, HE_SAY_WANTED, HE_WANTED_BYTES, a, &in, err));
    if (in.len != HE_WANTED_BYTES) {
        return blame(w, error_set(err, ERR_PROTOCOL, "an answer of %zu bytes", in.len), err);
    }
    TRY(blame(w, he_wanted_read(&wanted, in.data, n, err), err));
    for (size_t i = 0; i < wanted; i++) {
        he_bytes key;
        TRY(he_client_key(c, &key, i, err));
        const status st = channel_send(w->o.server, HE_SAY_KEY, key.data, key.len, err);
        he_bytes_clear(&key);
        TRY(st);
    }
    return OK;
}

static status ask(he_owner *w, size_t tokens, arena *a, error *err)
{
    uint8_t question[HE_ASK_BYTES];
    span in, offer;
    he_client *c = NULL;
    he_key_set set = {.keep = w->o.keep};
    he_ask_write(question, tokens);
    TRY(channel_send(w->o.server, HE_SAY_ASK, question, sizeof question, err));
    TRY(hear(w, HE_SAY_OFFER, HE_OFFER_HEADER + HE_OFFER_MAX_BYTES, a, &in, err));
    TRY(blame(w, he_place_read(&set.place, &offer, in, err), err));
    if (w->client[set.place]) {
        return blame(w, error_set(err, ERR_PROTOCOL, "offers place %zu twice", set.place), err);
    }
    status st = meet(w, tokens, offer, &c, &set, err);
    st = st == OK ? send_keys(w, c, &set, a, err) : st;
    if (st != OK) {
        he_client_free(c);
        return st;
    }
    w->client[set.place] = c;
    return OK;
}

/* The place for so many tokens; HE_PLACES where there is none yet. */
static size_t place_for(const he_owner *w, size_t tokens)
{
    size_t i = 0;
    while (i < HE_PLACES && !(w->client[i] && tokens <= he_client_offer(w->client[i])->tokens)) {
        i++;
    }
    return i;
}

status he_owner_prepare(he_owner *w, size_t tokens, error *err)
{
    if (place_for(w, tokens) < HE_PLACES) {
        return OK;
    }
    if (tokens > HE_MAX_TOKENS) {
        return error_set(err, ERR_USAGE, "%zu tokens: on ciphertexts there are %d at most", tokens,
                         HE_MAX_TOKENS);
    }
    const he_owner_count before = count(w);
    arena *a = arena_new_public(); /* what everybody may read */
    const status st = a ? ask(w, tokens, a, err) : error_memory(err);
    arena_free(a);
    add_since(&w->offline, w, &before);
    return st;
}

bool he_owner_takes_part(const he_owner *w)
{
    bool takes = false;
    for (size_t i = 0; i < HE_PLACES; i++) {
        takes = takes || (w->client[i] && he_client_offer(w->client[i])->n_rounds > 0);
    }
    return takes;
}

/* ---- Answering */

static status show_progress(he_owner *w, size_t len, error *err)
{
    uint8_t in[HE_PROGRESS_BYTES];
    he_step_done p;
    if (len != sizeof in) {
        return blame(w, error_set(err, ERR_PROTOCOL, "progress of %zu bytes", len), err);
    }
    TRY(channel_payload(w->o.server, in, err));
    TRY(blame(w, he_progress_read(&p, in, err), err));
    if (w->o.told) {
        w->o.told(w->o.told_ctx, p.done, p.total,
                  p.left_ms == HE_LEFT_UNKNOWN ? -1 : (double)p.left_ms * 1e-3);
    }
    return OK;
}

/* The bytes of the next round or, where there is none to come, of the result; before them, what the
 * server says of its progress. */
static status hear_next(he_owner *w, he_bytes *out, bool round, size_t most, error *err)
{
    const channel_allowed allowed[] = {{HE_SAY_PROGRESS, HE_PROGRESS_BYTES},
                                       {round ? HE_SAY_ROUND : HE_SAY_RESULT, most}};
    uint32_t op = 0;
    size_t len = 0;
    for (;;) {
        TRY(channel_next(w->o.server, allowed, 2, &op, &len, err));
        if (op != HE_SAY_PROGRESS) {
            break;
        }
        TRY(show_progress(w, len, err));
    }
    TRY(he_bytes_new(out, len ? len : 1, err));
    out->len = len;
    return channel_payload(w->o.server, out->data, err);
}

/* An input, or an answer, which is given back; and what the server says to it. */
static status tell(he_owner *w, uint32_t op, he_bytes *in, he_bytes *out, bool round, size_t most,
                   error *err)
{
    status st = channel_send(w->o.server, op, in->data, in->len, err);
    he_bytes_clear(in);
    return st == OK ? hear_next(w, out, round, most, err) : st;
}

/* From an input to the result's bytes. */
static status converse(he_owner *w, he_bytes *result, const float *x, size_t n, error *err)
{
    const size_t place = place_for(w, n);
    he_client *c = w->client[place];
    const size_t rounds = he_client_offer(c)->n_rounds;
    he_bytes in;
    TRY(he_client_input(c, &in, x, n, err));
    const size_t most = 2 * in.len;
    status st = tell(w, HE_SAY_INPUT + (uint32_t)place, &in, result, rounds > 0, most, err);
    for (size_t i = 0; st == OK && i < rounds; i++) {
        st = blame(w, he_client_round(c, &in, i, he_bytes_span(result), err), err);
        he_bytes_clear(result);
        st = st == OK ? tell(w, HE_SAY_ANSWER, &in, result, i + 1 < rounds, most, err) : st;
    }
    return st;
}

/* *quiet: what was wrong with the result, which the server must not hear of. */
static status answer(he_owner *w, float *out, const float *x, size_t n, error *quiet, error *err)
{
    he_bytes result = {0};
    const he_owner_count before = count(w);
    const status st = converse(w, &result, x, n, err);
    add_since(&w->online, w, &before);
    if (st == OK) {
        he_client *c = w->client[place_for(w, n)];
        if (he_client_result(c, out, he_bytes_span(&result), quiet) != OK) {
            (void)blame(w, quiet->code, quiet);
        }
    }
    he_bytes_clear(&result);
    return st;
}

static status forward_one(he_owner *w, float *out, const float *x, size_t n, error *quiet,
                          error *err)
{
    const model *m = w->o.model;
    float *rows = mem_new(n * m->dim, sizeof *rows);
    if (!rows) {
        return error_memory(err);
    }
    memcpy(rows, x, n * m->dim * sizeof *rows);
    he_states(rows, &m->embeddings.norm, n);
    const status st = answer(w, out, rows, n, quiet, err);
    mem_wipe(rows, n * m->dim * sizeof *rows);
    mem_free(rows);
    return st;
}

static status forward_all(he_owner *w, float *out, const embedded *x, error *quiet, error *err)
{
    for (size_t i = 0; i < x->seqs.n; i++) {
        const size_t first = x->seqs.start[i], n = x->seqs.start[i + 1] - first;
        error one = {0};
        TRY(he_owner_prepare(w, n, err));
        TRY(forward_one(w, out + i * w->o.model->head.n_labels, x->x + first * x->dim, n, &one,
                        err));
        *quiet = quiet->code == OK ? one : *quiet;
    }
    return OK;
}

status he_owner_forward(he_owner *w, float *out, const embedded *x, error *err)
{
    error quiet = {0};
    TRY(forward_all(w, out, x, &quiet, err));
    return quiet.code == OK ? OK : error_set(err, quiet.code, "%s", quiet.text);
}
