#define _GNU_SOURCE
#include "he/forecast.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ckks/switch.h"
#include "he/steps.h"
#include "he/wire.h"

/* Seconds a unit of work; work is limbs, times digits where an operation goes over all of them. */
typedef struct {
    double raise, keyed, lower, plain, tensor, encode, key;
} units;

typedef struct {
    const he_plan *p;
    ckks c;
    ckks_secret secret;
    ckks_keys keys;
    ckks_cipher x, y;
    ckks_plain *plain;
    double *slots;
    size_t n_plain;
    he_tally tally;
    he_spares spares;
} probe;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double over(const he_plan *p, size_t l)
{
    return (double)(p->ctx->level[l].n_special + l);
}

static double wide(const he_plan *p, size_t l)
{
    return over(p, l) * (double)p->ctx->level[l].n_digits;
}

/* ---- One operation each, at the top */

/* Seconds of raising, of a sum with the key and of one polynomial's way down. */
static status time_switch(probe *b, double *raise, double *keyed, double *lower)
{
    ckks *c = &b->c;
    const size_t l = b->x.n_limbs, words = (l + c->ctx->level[l].n_special) * c->ctx->n;
    ckks_raised raised;
    uint64_t *sum[2];
    const arena_mark_t mark = arena_mark(c->tmp);
    TRY(ckks_take(c, &sum[0], words));
    TRY(ckks_take(c, &sum[1], words));
    double begin = now();
    TRY(ckks_raise(c, &raised, b->x.part[1], l));
    *raise = now() - begin;
    begin = now();
    ckks_switch_dot(c, sum, &raised, &b->keys.key[0]);
    *keyed = now() - begin;
    begin = now();
    TRY(ckks_switch_down(c, b->y.part[0], sum[0], NULL, l));
    *lower = now() - begin;
    arena_release(c->tmp, mark);
    return OK;
}

/* Inner sums of a map of one giant step and none to turn by: products alone. */
static status time_map(probe *b, double *plain)
{
    he_work w = {.c = &b->c, .keys = &b->keys, .tally = &b->tally, .spares = &b->spares};
    const he_map m = {.what = HE_UP, .n_baby = HE_BABIES, .n_giant = 1};
    const double begin = now();
    TRY(he_run_map(&w, &b->y, &b->x, &m, b->plain));
    *plain = now() - begin;
    return OK;
}

static status time_tensor(probe *b, double *product)
{
    ckks_cipher three;
    TRY(he_take(&b->spares, &three, 3, b->c.err));
    const double begin = now();
    const status st = ckks_tensor(&b->c, &three, &b->x, &b->x);
    *product = now() - begin;
    he_give(&b->spares, &three);
    return st;
}

static status time_encode(probe *b, double *encode)
{
    const size_t l = b->x.n_limbs;
    const ckks_encoding how = {.log_slots = b->p->log_slots, .n_limbs = l, .scale = b->x.scale};
    ckks_plain plain;
    const double begin = now();
    TRY(ckks_encode(&b->c, &plain, b->slots, NULL, &how));
    *encode = now() - begin;
    ckks_plain_clear(&plain);
    return OK;
}

static void least(double *x, double y)
{
    *x = *x == 0 || y < *x ? y : *x;
}

/* The least of three: the first is cold. */
static status measure(probe *b, units *u)
{
    const he_plan *p = b->p;
    const size_t l = p->params.n_limbs;
    for (int i = 0; i < 3; i++) {
        double raise, keyed, lower, map, product, encode;
        TRY(time_switch(b, &raise, &keyed, &lower));
        TRY(time_map(b, &map));
        TRY(time_tensor(b, &product));
        TRY(time_encode(b, &encode));
        least(&u->raise, raise / wide(p, l));
        least(&u->keyed, keyed / wide(p, l));
        least(&u->lower, lower / over(p, l));
        least(&u->plain, (map - raise - 2 * lower) / (HE_BABIES * over(p, l)));
        least(&u->tensor, product / (double)l);
        least(&u->encode, encode / (double)l);
    }
    u->plain = u->plain > 0 ? u->plain : 0;
    return OK;
}

/* ---- The probe's ciphertext, key and diagonals */

static status make_key(probe *b, units *u)
{
    he_bytes bytes;
    ckks_keys read;
    const double begin = now();
    TRY(ckks_keys_new(&b->c, &b->keys, &b->secret, NULL, 0, false, b->p->params.n_limbs));
    bytes.len = ckks_keys_bytes(&b->keys);
    bytes.data = mem_new(bytes.len, 1);
    if (!bytes.data) {
        return error_memory(b->c.err);
    }
    ckks_keys_write(bytes.data, &b->keys);
    const status st = ckks_keys_read(&b->c, &read, he_bytes_span(&bytes));
    u->key = (now() - begin) / (double)bytes.len;
    mem_free(bytes.data);
    if (st == OK) {
        ckks_keys_clear(&read);
    }
    return st;
}

static status make_plains(probe *b)
{
    const size_t l = b->p->params.n_limbs, width = b->p->program->shape.width;
    unsigned log_width = 0;
    while ((size_t)1 << log_width < width) {
        log_width++;
    }
    const ckks_encoding how = {
        .log_slots = log_width, .n_limbs = l, .scale = b->p->ctx->level[l].scale, .raised = true};
    b->plain = mem_new(HE_BABIES, sizeof *b->plain);
    if (!b->plain) {
        return error_memory(b->c.err);
    }
    for (; b->n_plain < HE_BABIES; b->n_plain++) {
        TRY(ckks_encode(&b->c, &b->plain[b->n_plain], b->slots, NULL, &how));
    }
    return OK;
}

static status make_probe(probe *b, units *u)
{
    const ckks_context *ctx = b->p->ctx;
    const size_t l = ctx->params.n_limbs;
    const ckks_encoding how = {
        .log_slots = b->p->log_slots, .n_limbs = l, .scale = ctx->level[l].scale};
    ckks_plain plain;
    b->slots = mem_new((size_t)1 << b->p->log_slots, sizeof *b->slots);
    if (!b->slots) {
        return error_memory(b->c.err);
    }
    b->slots[1] = 1;
    TRY(ckks_secret_new(&b->c, &b->secret, NULL));
    TRY(make_key(b, u));
    TRY(make_plains(b));
    TRY(he_take(&b->spares, &b->x, 2, b->c.err));
    TRY(he_take(&b->spares, &b->y, 2, b->c.err));
    TRY(ckks_encode(&b->c, &plain, b->slots, NULL, &how));
    const status st = ckks_encrypt(&b->c, &b->x, &plain, &b->secret, NULL);
    ckks_plain_clear(&plain);
    return st;
}

static void clear(probe *b)
{
    for (size_t i = 0; i < b->n_plain; i++) {
        ckks_plain_clear(&b->plain[i]);
    }
    mem_free(b->plain);
    mem_free(b->slots);
    he_give(&b->spares, &b->x);
    he_give(&b->spares, &b->y);
    he_spares_clear(&b->spares);
    ckks_keys_clear(&b->keys);
    ckks_secret_clear(&b->secret);
    ckks_close(&b->c);
}

static double total(const he_plan *p, const units *u)
{
    const he_tally *t = &p->tally;
    double s = 0;
    for (size_t l = 1; l <= p->params.n_limbs; l++) {
        s += (double)t->raised[l] * u->raise * wide(p, l) +
             (double)t->keyed[l] * u->keyed * wide(p, l) +
             (double)t->lowered[l] * u->lower * over(p, l) +
             (double)t->plain[l] * u->plain * over(p, l) +
             (double)t->tensors[l] * u->tensor * (double)l;
    }
    for (size_t i = 0; i < p->program->n; i++) {
        const he_step *step = &p->program->step[i];
        s += step->op == HE_CONSTANTS ? u->encode * (double)he_limbs(p, step->depth) : 0;
    }
    return s;
}

status he_forecast_make(he_forecast *out, const he_plan *p, pool *threads, error *err)
{
    units u = {0};
    probe *b = mem_new(1, sizeof *b);
    if (!b) {
        return error_memory(err);
    }
    b->p = p;
    b->spares.ctx = p->ctx;
    status st = ckks_open(&b->c, p->ctx, threads, err);
    if (st == OK) {
        st = make_probe(b, &u);
        st = st == OK ? measure(b, &u) : st;
        clear(b);
    }
    mem_free(b);
    *out = (he_forecast){.run = total(p, &u), .keys = u.key * (double)p->key_bytes};
    return st;
}
