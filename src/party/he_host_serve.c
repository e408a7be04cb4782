/* One session of a host. */
#include <string.h>

#include "base/arena.h"
#include "net/clock.h"
#include "party/he_host_parts.h"
#include "party/he_terms.h"

/* An owner's keys for one place. */
typedef struct {
    bool offered, keep;
    he_session *session; /* NULL: no keys yet */
    size_t bytes;        /* reserved for it */
    he_cache_key key;
} seat;

typedef struct {
    he_host *host;
    channel *owner;
    he_tally_of_session *tally;
    arena *scratch;
    seat seat[HE_PLACES];
    size_t running; /* the place of the run at hand */
    int64_t began;  /* the input at hand */
    status told;    /* how sending progress went */
    error *err;
} visit;

/* Where an owner's bytes were wrong, who it was. */
static status blame(const visit *v, status st)
{
    if (st == ERR_PROTOCOL || st == ERR_ARTEFACT) {
        error_prefix(v->err, "%s", role_name(channel_peer(v->owner)));
    }
    return st;
}

static status refuse(visit *v, const he_shortage *why)
{
    uint8_t message[HE_REFUSE_BYTES];
    he_refuse_write(message, why);
    return channel_send(v->owner, HE_SAY_REFUSE, message, sizeof message, v->err);
}

static status offer(visit *v, size_t place)
{
    he_bytes bytes;
    TRY(he_offer_write(&bytes, v->host->place[place].plan, v->err));
    uint8_t *message = arena_take(v->scratch, HE_OFFER_HEADER + bytes.len, 1);
    status st = message ? OK : error_memory(v->err);
    if (st == OK) {
        he_place_write(message, place);
        memcpy(message + HE_OFFER_HEADER, bytes.data, bytes.len);
        st = channel_send(v->owner, HE_SAY_OFFER, message, HE_OFFER_HEADER + bytes.len, v->err);
        v->seat[place].offered = st == OK;
    }
    he_bytes_clear(&bytes);
    return st;
}

static status answer_ask(visit *v)
{
    uint8_t in[HE_ASK_BYTES];
    size_t tokens, place;
    he_shortage why;
    TRY(channel_payload(v->owner, in, v->err));
    TRY(blame(v, he_ask_read(&tokens, in, v->err)));
    pthread_mutex_lock(&v->host->turn);
    const status st = he_host_open(v->host, &place, tokens, &why, v->err);
    pthread_mutex_unlock(&v->host->turn);
    if (why.limit) {
        return refuse(v, &why);
    }
    TRY(st);
    return offer(v, place);
}

/* ---- Keys */

static status take_key(visit *v, seat *s, size_t len)
{
    const arena_mark_t mark = arena_mark(v->scratch);
    uint8_t *in = arena_take(v->scratch, len, 1);
    if (!in) {
        return error_memory(v->err);
    }
    TRY(channel_receive(v->owner, HE_SAY_KEY, in, len, v->err));
    pthread_mutex_lock(&v->host->turn);
    const status st = he_session_key(s->session, (span){.data = in, .len = len}, v->err);
    pthread_mutex_unlock(&v->host->turn);
    arena_release(v->scratch, mark);
    return blame(v, st);
}

static status want(visit *v, size_t n)
{
    uint8_t message[HE_WANTED_BYTES];
    he_wanted_write(message, n);
    return channel_send(v->owner, HE_SAY_WANTED, message, sizeof message, v->err);
}

/* New keys, as many as the place's plan has. */
static status take_keys(visit *v, seat *s, const he_place *p)
{
    const size_t bytes = p->plan->key_memory + p->plan->run_memory;
    he_shortage why;
    if (!he_cache_reserve(v->host->cache, bytes, &why)) {
        return refuse(v, &why);
    }
    s->bytes = bytes;
    TRY(he_session_new(&s->session, p->server, v->host->pool, v->err));
    TRY(want(v, p->plan->n_keys));
    const int64_t began = clock_ns();
    for (size_t i = 0; i < p->plan->n_keys; i++) {
        TRY(take_key(v, s, he_key_bytes(p->plan, i)));
        v->tally->keys++;
    }
    v->tally->seconds_keys += (double)(clock_ns() - began) * 1e-9;
    return OK;
}

static status answer_keys(visit *v)
{
    uint8_t in[HE_KEYS_BYTES];
    he_key_set k;
    TRY(channel_payload(v->owner, in, v->err));
    TRY(blame(v, he_keys_read(&k, in, v->err)));
    seat *s = &v->seat[k.place];
    const he_place *p = &v->host->place[k.place];
    if (!s->offered || s->session) {
        return blame(v, error_set(v->err, ERR_PROTOCOL, "keys for place %zu, which has %s", k.place,
                                  s->session ? "some" : "not been offered"));
    }
    s->keep = k.keep;
    s->key.place = k.place;
    memcpy(s->key.owner, channel_peer_key(v->owner), HASH_BYTES);
    memcpy(s->key.name, k.name, HASH_BYTES);
    s->session = k.keep ? he_cache_take(v->host->cache, &s->key) : NULL;
    if (!s->session) {
        return take_keys(v, s, p);
    }
    s->bytes = p->plan->key_memory + p->plan->run_memory;
    v->tally->kept += p->plan->n_keys;
    return want(v, 0);
}

/* ---- Runs */

/* By how long the steps done have taken, and how long all of them took the last time. */
static uint32_t left_ms(const visit *v, size_t step, size_t n)
{
    const double *seconds = v->host->place[v->running].seconds;
    double before = 0, behind = 0;
    for (size_t i = 0; i < n; i++) {
        *(i < step ? &before : &behind) += seconds[i];
    }
    const double elapsed = (double)(clock_ns() - v->began) * 1e-6;
    const double left = before > 0 ? elapsed * behind / before : -1;
    return left >= 0 && left < 1e9 ? (uint32_t)left : HE_LEFT_UNKNOWN;
}

/* Others wait for their turn: an owner who reads nothing must not hold them up. */
enum { PROGRESS_MS = 2000 };

/* Told after each step; tells the owner after each layer. */
static void step_done(void *ctx, size_t step, size_t n)
{
    visit *v = ctx;
    const he_program *p = v->host->place[v->running].plan->program;
    uint8_t message[HE_PROGRESS_BYTES];
    if (step >= n || p->step[step].layer == p->step[step - 1].layer || v->told != OK) {
        return;
    }
    const he_step_done done = {.done = (uint32_t)p->step[step].layer,
                               .total = (uint32_t)p->model->n_layers + 1,
                               .left_ms = left_ms(v, step, n)};
    he_progress_write(message, &done);
    channel_set_timeout(v->owner, PROGRESS_MS);
    v->told = channel_send(v->owner, HE_SAY_PROGRESS, message, sizeof message, v->err);
    channel_set_timeout(v->owner, v->host->timeout_ms);
}

static status run(visit *v, he_bytes *out, span in)
{
    he_place *p = &v->host->place[v->running];
    he_session *s = v->seat[v->running].session;
    error why = {0};
    pthread_mutex_lock(&v->host->turn);
    const int64_t began = clock_ns();
    v->told = OK;
    he_session_progress(s, step_done, v);
    const status st = he_session_run(s, out, in, &why);
    he_session_progress(s, NULL, NULL);
    if (st == OK && !he_session_waits(s)) {
        memcpy(p->seconds, he_session_seconds(s), p->plan->program->n * sizeof *p->seconds);
    }
    v->tally->seconds_runs += (double)(clock_ns() - began) * 1e-9;
    pthread_mutex_unlock(&v->host->turn);
    if (st != OK) {
        return blame(v, error_set(v->err, st, "%s", why.text));
    }
    return v->told;
}

/* Sends what the owner computes on, and computes on with its answer. */
static status go_round(visit *v, he_bytes *out)
{
    const size_t len = he_session_waits(v->seat[v->running].session);
    const arena_mark_t mark = arena_mark(v->scratch);
    uint8_t *in = arena_take(v->scratch, len, 1);
    if (!in) {
        return error_memory(v->err);
    }
    status st = channel_send(v->owner, HE_SAY_ROUND, out->data, out->len, v->err);
    he_bytes_clear(out);
    st = st == OK ? channel_receive(v->owner, HE_SAY_ANSWER, in, len, v->err) : st;
    st = st == OK ? run(v, out, (span){.data = in, .len = len}) : st;
    arena_release(v->scratch, mark);
    return st;
}

static status answer_input(visit *v, size_t place, size_t len)
{
    const seat *s = &v->seat[place];
    if (!s->session || len != v->host->place[place].plan->input_bytes) {
        return blame(v, error_set(v->err, ERR_PROTOCOL, "an input of %zu bytes, %s", len,
                                  s->session ? "which none has" : "and no keys"));
    }
    uint8_t *in = arena_take(v->scratch, len, 1);
    if (!in) {
        return error_memory(v->err);
    }
    TRY(channel_payload(v->owner, in, v->err));
    v->tally->inputs++;
    v->running = place;
    v->began = clock_ns();
    he_bytes out = {0};
    status st = run(v, &out, (span){.data = in, .len = len});
    while (st == OK && he_session_waits(s->session)) {
        st = go_round(v, &out);
    }
    st = st == OK ? channel_send(v->owner, HE_SAY_RESULT, out.data, out.len, v->err) : st;
    he_bytes_clear(&out);
    v->tally->answers += st == OK;
    return st;
}

/* ---- The session */

static size_t longest_input(const he_host *h, size_t place)
{
    return h->place[place].plan ? h->place[place].plan->input_bytes : 0;
}

static status serve_one(visit *v, bool *over)
{
    uint32_t op = 0;
    size_t len = 0;
    const channel_allowed allowed[] = {
        {HE_SAY_ASK, HE_ASK_BYTES},
        {HE_SAY_KEYS, HE_KEYS_BYTES},
        {HE_SAY_INPUT, v->seat[0].session ? longest_input(v->host, 0) : 0},
        {HE_SAY_INPUT_LONG, v->seat[1].session ? longest_input(v->host, 1) : 0},
        {HE_SAY_END, 0},
    };
    TRY(channel_next(v->owner, allowed, sizeof allowed / sizeof *allowed, &op, &len, v->err));
    *over = op == HE_SAY_END;
    if (*over) {
        return channel_payload(v->owner, NULL, v->err);
    }
    if (op == HE_SAY_INPUT || op == HE_SAY_INPUT_LONG) {
        return answer_input(v, op - HE_SAY_INPUT, len);
    }
    if (len != (op == HE_SAY_ASK ? HE_ASK_BYTES : HE_KEYS_BYTES)) {
        return blame(v, error_set(v->err, ERR_PROTOCOL, "a question of %zu bytes", len));
    }
    return op == HE_SAY_ASK ? answer_ask(v) : answer_keys(v);
}

static status serve(visit *v)
{
    handshake_terms terms;
    char parameters[HE_PARAMETERS_BYTES];
    TRY(he_terms(&terms, parameters, v->owner, v->host->digest, v->err));
    TRY(handshake(v->owner, false, &terms, v->err));
    channel_set_timeout(v->owner, v->host->timeout_ms);
    for (bool over = false; !over;) {
        const arena_mark_t mark = arena_mark(v->scratch);
        TRY(serve_one(v, &over));
        arena_release(v->scratch, mark);
    }
    return OK;
}

/* Whole sets whose owner will come again wait for it, however this session has ended. */
static void leave(visit *v)
{
    for (size_t i = 0; i < HE_PLACES; i++) {
        seat *s = &v->seat[i];
        if (s->session && s->keep && he_session_ready(s->session) &&
            !he_session_waits(s->session)) {
            he_cache_give(v->host->cache, &s->key, s->session, s->bytes);
        } else {
            he_session_free(s->session);
            he_cache_release(v->host->cache, s->bytes);
        }
    }
}

status he_host_serve(he_host *h, channel *owner, he_tally_of_session *tally, error *err)
{
    he_tally_of_session unread;
    error unsaid = {0};
    tally = tally ? tally : &unread;
    *tally = (he_tally_of_session){0};
    arena *a = arena_new_public(); /* keys and ciphertexts, which everybody may read */
    if (!a) {
        return error_memory(err);
    }
    visit v = {.host = h, .owner = owner, .tally = tally, .scratch = a, .err = err ? err : &unsaid};
    const status st = serve(&v);
    if (st != OK) {
        channel_abort(owner, st);
    }
    leave(&v);
    arena_free(a);
    return st;
}
