#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "he/server_parts.h"
#include "he/steps.h"
#include "he/weights.h"

struct he_session {
    const he_server *server;
    const he_plan *plan;
    ckks c;
    ckks_keys keys; /* in the order of the plan; all there when keys.n is n_keys */
    ckks_cipher *reg;
    double *slots; /* constants: real, imaginary */
    double *seconds;
    he_tally tally;
    he_spares spares;
    size_t tokens; /* of the input at hand */
    size_t at;     /* the step that waits for the client; 0: none */
    he_progress *progress;
    void *progress_ctx;
};

status he_session_new(he_session **out, const he_server *server, pool *p, error *err)
{
    *out = NULL;
    he_session *s = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    s->server = server;
    s->plan = server->plan;
    s->spares.ctx = s->plan->ctx;
    s->keys.key = mem_new(s->plan->n_keys, sizeof *s->keys.key);
    s->reg = mem_new(s->plan->program->n_registers, sizeof *s->reg);
    s->slots = mem_new(((size_t)2 << s->plan->log_slots) + 2 * s->plan->program->shape.width,
                       sizeof *s->slots);
    s->seconds = mem_new(s->plan->program->n, sizeof *s->seconds);
    status st = s->keys.key && s->reg && s->slots && s->seconds ? OK : error_memory(err);
    st = st == OK ? ckks_open(&s->c, s->plan->ctx, p, err) : st;
    if (st != OK) {
        he_session_free(s);
        return st;
    }
    *out = s;
    return OK;
}

static void forget(he_session *s)
{
    for (size_t r = 0; s->reg && r < s->plan->program->n_registers; r++) {
        he_give(&s->spares, &s->reg[r]);
    }
}

void he_session_free(he_session *s)
{
    if (s) {
        forget(s);
        he_spares_clear(&s->spares);
        ckks_keys_clear(&s->keys);
        ckks_close(&s->c);
        mem_free(s->reg);
        mem_free(s->slots);
        mem_free(s->seconds);
        mem_free(s);
    }
}

bool he_session_ready(const he_session *s)
{
    return s->keys.n == s->plan->n_keys;
}

void he_session_progress(he_session *s, he_progress *f, void *ctx)
{
    s->progress = f;
    s->progress_ctx = ctx;
}

const he_tally *he_session_tally(const he_session *s)
{
    return &s->tally;
}

const double *he_session_seconds(const he_session *s)
{
    return s->seconds;
}

/* ---- Keys */

status he_session_key(he_session *s, span in, error *err)
{
    ckks_keys one;
    s->c.err = err;
    if (he_session_ready(s)) {
        return error_set(err, ERR_PROTOCOL, "he: all %zu keys are here", s->keys.n);
    }
    const he_key *want = &s->plan->key[s->keys.n];
    if (in.len != he_key_bytes(s->plan, s->keys.n)) {
        return error_set(err, ERR_PROTOCOL, "he: key %zu has %zu bytes, not %zu", s->keys.n, in.len,
                         he_key_bytes(s->plan, s->keys.n));
    }
    TRY(ckks_keys_read(&s->c, &one, in));
    if (one.n != 1 || one.key[0].element != he_key_element(s->plan->ctx, want) ||
        one.key[0].n_limbs != want->n_limbs) {
        ckks_keys_clear(&one);
        return error_set(err, ERR_PROTOCOL, "he: key %zu is not the one asked for", s->keys.n);
    }
    s->keys.key[s->keys.n++] = one.key[0];
    one.n = 0;
    ckks_keys_clear(&one);
    return OK;
}

/* ---- Steps */

static status constants(he_session *s, ckks_cipher *z, const ckks_cipher *x, const he_step *step)
{
    const he_shape *h = &s->plan->program->shape;
    const size_t n = (size_t)1 << s->plan->log_slots;
    const size_t tokens = step->valid == HE_FIRST ? 1 : s->tokens;
    double *re = s->slots, *im = re + n, *lanes = im + n;
    const ckks_encoding how = {
        .log_slots = s->plan->log_slots, .n_limbs = x->n_limbs, .scale = x->scale};
    ckks_plain plain;
    memset(re, 0, 2 * n * sizeof *re);
    he_constants(lanes, lanes + h->width, s->plan->program, step);
    for (size_t t = 0; t < tokens; t++) {
        memcpy(re + t * h->width, lanes, h->width * sizeof *re);
        memcpy(im + t * h->width, lanes + h->width, h->width * sizeof *im);
    }
    TRY(ckks_encode(&s->c, &plain, re, im, &how));
    const status st = ckks_add_plain(&s->c, z, x, &plain);
    ckks_plain_clear(&plain);
    return st;
}

/* z = gamma x + y; x comes down to one limb more than y's. */
static status residual(he_session *s, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                       const ckks_plain *gamma)
{
    ckks_cipher top = *x, t;
    top.n_limbs = y->n_limbs + 1;
    TRY(he_take(&s->spares, &t, 2, s->c.err));
    s->tally.plain[top.n_limbs]++;
    status st = ckks_mul_plain(&s->c, &t, &top, gamma);
    st = st == OK ? ckks_rescale(&s->c, z, &t) : st;
    if (st == OK) {
        z->scale = y->scale; /* to the last bits of a double */
        st = ckks_add(&s->c, z, z, y);
    }
    he_give(&s->spares, &t);
    return st;
}

/* x and y at the limbs of the deeper one. */
static status products(he_session *s, he_work *w, ckks_cipher *z, const he_step *step)
{
    const size_t limbs = he_limbs(s->plan, step->depth) + 1;
    const ckks_cipher *in[2] = {&s->reg[step->x], &s->reg[step->y]};
    ckks_cipher t = {0};
    status st = OK;
    for (size_t i = 0; i < 2 && st == OK; i++) {
        if (in[i]->n_limbs > limbs) {
            CHECK(!t.part[0]);
            st = he_take(&s->spares, &t, 2, s->c.err);
            st = st == OK ? ckks_adjust(&s->c, &t, in[i], limbs) : st;
            in[i] = &t;
        }
    }
    st = st == OK ? he_run_products(w, z, in[0], in[1], &step->products) : st;
    he_give(&s->spares, &t);
    return st;
}

static status run_step(he_session *s, size_t i)
{
    const he_step *step = &s->plan->program->step[i];
    const ckks_cipher *x = &s->reg[step->x];
    ckks_cipher *z = &s->reg[step->z];
    const size_t limbs = he_limbs(s->plan, step->depth);
    he_work w = {.c = &s->c, .keys = &s->keys, .tally = &s->tally, .spares = &s->spares};
    TRY(he_take(&s->spares, z, 2, s->c.err));
    switch (step->op) {
    case HE_MAP:
        return he_run_map(&w, z, x, &step->map, s->server->plain[i]);
    case HE_SUM:
        return he_run_sum(&w, z, x, step);
    case HE_PRODUCTS:
        return products(s, &w, z, step);
    case HE_SQUARES:
        return he_run_squares(&w, z, x);
    case HE_CONSTANTS:
        return constants(s, z, x, step);
    case HE_RESIDUAL:
        return residual(s, z, x, &s->reg[step->y], s->server->plain[i]);
    case HE_SCALE:
        return ckks_adjust_by(&s->c, z, x, limbs, he_factor(step, s->tokens));
    case HE_CLIENT: /* comes from the client */
        break;
    }
    return OK;
}

/* ---- A run */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Steps from `first` on, up to one of the client's, which *end then is. */
static status run_from(he_session *s, size_t first, size_t *end)
{
    const he_program *p = s->plan->program;
    for (size_t i = first; i < p->n; i++) {
        const double begin = now();
        if (p->step[i].op == HE_CLIENT && i != s->at) {
            *end = i;
            return OK;
        }
        TRY(i == s->at && i > 0 ? OK : run_step(s, i));
        for (size_t r = 0; r < p->n_registers; r++) {
            if (p->last_use[r] <= i) {
                he_give(&s->spares, &s->reg[r]);
            }
        }
        s->seconds[i] = now() - begin;
        if (s->progress) {
            s->progress(s->progress_ctx, i + 1, p->n);
        }
    }
    *end = p->n;
    return OK;
}

/* What the client sent: fresh, of the plan's slots and of so many limbs. */
static status accept(he_session *s, ckks_cipher *x, span cipher, size_t n_limbs)
{
    const ckks_context *ctx = s->plan->ctx;
    TRY(ckks_cipher_read(&s->c, x, cipher));
    if (x->n_limbs != n_limbs || x->log_slots != s->plan->log_slots || x->n_parts != 2) {
        return error_set(s->c.err, ERR_PROTOCOL, "he: an input of %zu limbs and 2^%u slots",
                         x->n_limbs, x->log_slots);
    }
    return ckks_same_scale(&s->c, x->scale, ctx->level[x->n_limbs].scale) == OK
               ? OK
               : error_set(s->c.err, ERR_PROTOCOL, "he: an input of another scale");
}

static status accept_input(he_session *s, span in)
{
    span cipher;
    s->tally = (he_tally){0};
    TRY(he_input_read(&s->tokens, &cipher, in, s->plan->program->shape.tokens, s->c.err));
    return accept(s, &s->reg[0], cipher, s->plan->params.n_limbs);
}

static status accept_answer(he_session *s, span in)
{
    const he_step *step = &s->plan->program->step[s->at];
    return accept(s, &s->reg[step->z], in, he_limbs(s->plan, step->depth));
}

/* The result, or what the client's step `end` is about: its first limbs are enough to decode. */
static status write_message(he_session *s, he_bytes *out, size_t end)
{
    const he_program *p = s->plan->program;
    ckks_cipher z = s->reg[end < p->n ? p->step[end].x : p->result];
    z.n_limbs = end < p->n && z.n_limbs > HE_ASK_LIMBS ? HE_ASK_LIMBS : z.n_limbs;
    TRY(he_bytes_new(out, ckks_cipher_bytes(&z), s->c.err));
    ckks_cipher_write(out->data, &z);
    return OK;
}

status he_session_run(he_session *s, he_bytes *out, span in, error *err)
{
    *out = (he_bytes){0};
    s->c.err = err;
    if (!he_session_ready(s)) {
        return error_set(err, ERR_PROTOCOL, "he: %zu of %zu keys are here", s->keys.n,
                         s->plan->n_keys);
    }
    const he_program *p = s->plan->program;
    size_t end = 0;
    status st = s->at ? accept_answer(s, in) : accept_input(s, in);
    st = st == OK ? run_from(s, s->at, &end) : st;
    st = st == OK ? write_message(s, out, end) : st;
    s->at = st == OK && end < p->n ? end : 0;
    if (!s->at) {
        forget(s);
    }
    return st;
}

size_t he_session_waits(const he_session *s)
{
    return s->at ? he_answer_bytes(s->plan, &s->plan->program->step[s->at]) : 0;
}
