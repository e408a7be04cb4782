#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "mpc/dealt.h"
#include "mpc/gates.h"

/* With z = M - r the angle of every term splits:
 *
 *   cos h(M - r) = cos hM cos hr + sin hM sin hr,  sin h(M - r) = sin hM cos hr - cos hM sin hr
 *
 * The dealer deals cos hr and sin hr, for a block of elements after the other; a block's words of
 * one term and one kind lie together. */

enum { CONSTANT_FRAC = 30 };

static size_t block_bytes(const lookup *t, size_t n)
{
    size_t bytes = 0;
    for (size_t k = 0; k < t->terms; k++) {
        bytes += 2 * ring_packed_bytes(n, lookup_word_bits(t, k));
    }
    return bytes;
}

static size_t all_bytes(const lookup *t, size_t n)
{
    const size_t rest = n % LOOKUP_BLOCK;
    return n / LOOKUP_BLOCK * block_bytes(t, LOOKUP_BLOCK) + (rest ? block_bytes(t, rest) : 0);
}

/* Turns by one harmonic after the other. */
typedef struct {
    double c[LOOKUP_BLOCK], s[LOOKUP_BLOCK];       /* at the harmonic at hand */
    double by_c[LOOKUP_BLOCK], by_s[LOOKUP_BLOCK]; /* from one harmonic to the next */
} turns;

static void turns_begin(const mpc *p, turns *w, const uint64_t *words, size_t n, const lookup *t)
{
    p->kernels->turn(w->c, w->s, words, n, t->period_bits);
    memcpy(w->by_c, w->c, n * sizeof *w->c);
    memcpy(w->by_s, w->s, n * sizeof *w->s);
    for (unsigned i = 1; i < t->every; i++) {
        p->kernels->step(w->by_c, w->by_s, w->c, w->s, n);
    }
}

/* A block's words minus server 0's shares of them, packed. The same bytes hold both. */
static void deal_block(const mpc *p, uint8_t *bytes, const uint64_t *mask, size_t n,
                       const lookup *t)
{
    turns w;
    uint64_t words[2 * LOOKUP_BLOCK], first[2 * LOOKUP_BLOCK];
    turns_begin(p, &w, mask, n, t);
    for (size_t k = 0; k < t->terms; k++) {
        if (k > 0) {
            p->kernels->step(w.c, w.s, w.by_c, w.by_s, n);
        }
        const unsigned bits = lookup_word_bits(t, k);
        const size_t each = ring_packed_bytes(n, bits);
        p->kernels->round_pair(words, words + n, w.c, w.s, n, t->word_frac[k]);
        for (int i = 0; i < 2; i++, bytes += each) {
            ring_unpack(p->ring, first + (size_t)i * n, bytes, n, bits);
            p->kernels->subtract(words + (size_t)i * n, first + (size_t)i * n, n);
            ring_pack(p->ring, bytes, words + (size_t)i * n, n, bits);
        }
    }
}

static status deal(mpc *p, const wire *x, const lookup *t)
{
    prg *first = mpc_deal_stream(p);
    status st = first ? OK : ERR_RESOURCE;
    for (size_t i = 0; st == OK && i < x->n; i += LOOKUP_BLOCK) {
        const size_t n = x->n - i < LOOKUP_BLOCK ? x->n - i : LOOKUP_BLOCK;
        const size_t bytes = block_bytes(t, n);
        uint8_t *out;
        st = dealt_room(p->dealt, p->dealer, bytes, &out, p->err);
        if (st == OK) {
            prg_bytes(first, out, bytes);
            deal_block(p, out, x->mask + i, n, t);
            dealt_used(p->dealt, bytes);
        }
    }
    prg_free(first);
    return st;
}

/* Server 1's words wait in the queue. Server 0 draws its own when it needs them, a block at a time
 * in the first cache: a gigabyte less to write and to read again. */
static status prepare(mpc *p, const wire *x, const lookup *t)
{
    if (p->server == 0) {
        return OK;
    }
    const size_t bytes = all_bytes(t, x->n);
    uint8_t *block = buffers_take(p->buffers, bytes);
    if (!block) {
        return error_memory(p->err);
    }
    const status st = mpc_dealt_bytes(p, block, bytes);
    if (st != OK) {
        buffers_give(p->buffers, block);
        return st;
    }
    return queue_put(p->queue, p->gate, block, bytes, p->err);
}

typedef struct {
    mpc *p;
    uint64_t *y;
    const wire *x;
    const lookup *t;
    const uint8_t *words; /* server 1: all of them */
    prg **streams;        /* server 0: one a worker */
    uint8_t *drawn;       /* server 0: a block's words, for each worker */
    const double *gain;
} job;

/* One block of at most LOOKUP_BLOCK elements. */
static void one_block(const job *j, const uint8_t *at, size_t i, size_t n)
{
    const lookup *t = j->t;
    const mpc_kernels *k = j->p->kernels;
    const size_t whole = block_bytes(t, LOOKUP_BLOCK);
    const double *gain = j->gain ? j->gain + i : NULL;
    turns w;
    uint64_t words[2 * LOOKUP_BLOCK], y[LOOKUP_BLOCK] = {0};
    /* a grown wire was opened with half of its range beside it */
    const uint64_t beside = j->x->grown ? UINT64_C(1) << (j->x->width - 2) : 0;
    for (size_t e = 0; e < n; e++) {
        words[e] = j->x->masked[i + e] - beside;
    }
    for (size_t line = 0; j->words && line < whole; line += MEM_ALIGN) {
        __builtin_prefetch(at + whole + line); /* of the block to come */
    }
    if (k->lookup_block && k->lookup_block(j->y + i, words, at, n, t, gain)) {
        return;
    }
    turns_begin(j->p, &w, words, n, t);
    for (size_t term = 0; term < t->terms; term++) {
        if (term > 0) {
            k->step(w.c, w.s, w.by_c, w.by_s, n);
        }
        const unsigned bits = lookup_word_bits(t, term);
        const size_t each = ring_packed_bytes(n, bits);
        ring_unpack(j->p->ring, words, at, n, bits);
        ring_unpack(j->p->ring, words + n, at + each, n, bits);
        at += 2 * each;
        k->term(y, w.c, w.s, words, words + n, t->a[term], t->b[term], gain, n, t->coef_frac[term],
                lookup_shift(t, term));
    }
    for (size_t e = 0; e < n; e++) {
        j->y[i + e] = y[e] & ring_mask(t->bits);
    }
}

static void blocks(void *ctx, size_t begin, size_t end, size_t worker)
{
    const job *j = ctx;
    const size_t whole = block_bytes(j->t, LOOKUP_BLOCK);
    for (size_t b = begin; b < end; b++) {
        const size_t i = b * LOOKUP_BLOCK;
        const size_t n = j->x->n - i < LOOKUP_BLOCK ? j->x->n - i : LOOKUP_BLOCK;
        if (j->words) {
            one_block(j, j->words + b * whole, i, n);
        } else {
            uint8_t *words = j->drawn + worker * whole;
            prg_seek(j->streams[worker], b * whole);
            prg_bytes(j->streams[worker], words, block_bytes(j->t, n));
            one_block(j, words, i, n);
        }
    }
}

/* The public constant a_0 times the gain, on server 1's share. */
static void add_constant(mpc *p, uint64_t *y, size_t n, const lookup *t, const double *gain)
{
    const unsigned frac = t->frac < CONSTANT_FRAC ? t->frac : CONSTANT_FRAC;
    for (size_t i = 0; p->server == 1 && i < n; i++) {
        const double v = rint(ldexp(t->a0 * (gain ? gain[i] : 1), (int)frac));
        y[i] = (y[i] + ((uint64_t)(int64_t)v << (t->frac - frac))) & ring_mask(t->bits);
    }
}

/* alpha·x for a wire that has grown. */
static status add_line(mpc *p, wire *y, const wire *x, const lookup *t)
{
    wire *line;
    TRY(mpc_grow(p, &line, x));
    mpc_narrow(p, line, t->bits);
    mpc_multiply_public(p, line, (uint64_t)(int64_t)rint(ldexp(t->alpha, (int)t->frac)), 0);
    mpc_add_shifted(p, y, line, 0);
    wire_drop(p, line);
    return OK;
}

/* Server 0's streams, and room for what they give. */
static status open_streams(mpc *p, job *j)
{
    const size_t workers = pool_size(p->pool);
    size_t bytes;
    j->streams = mem_new(workers, sizeof *j->streams);
    if (!j->streams || !mem_mul(&bytes, workers, block_bytes(j->t, LOOKUP_BLOCK))) {
        return error_memory(p->err);
    }
    j->drawn = buffers_take(p->buffers, bytes);
    bool opened = j->drawn != NULL;
    for (size_t i = 0; opened && i < workers; i++) {
        j->streams[i] = mpc_deal_stream(p);
        opened = j->streams[i] != NULL;
    }
    return opened ? OK : error_memory(p->err);
}

static void close_streams(mpc *p, job *j)
{
    for (size_t i = 0; j->streams && i < pool_size(p->pool); i++) {
        prg_free(j->streams[i]);
    }
    mem_free(j->streams);
    buffers_give(p->buffers, j->drawn);
}

static status evaluate(mpc *p, wire *y, const wire *x, const lookup *t, const double *gain)
{
    job j = {.p = p, .y = y->share, .x = x, .t = t, .gain = gain};
    void *words = NULL;
    const status st = p->server == 0 ? open_streams(p, &j) : mpc_take(p, &words);
    if (st == OK) {
        j.words = words;
        const double begin = mpc_now();
        parallel_for(p->pool, (x->n + LOOKUP_BLOCK - 1) / LOOKUP_BLOCK, 16, blocks, &j);
        mpc_spent(&p->times.lookups, begin);
        add_constant(p, y->share, y->n, t, gain);
    }
    buffers_give(p->buffers, words);
    close_streams(p, &j);
    return st;
}

status mpc_lookup(mpc *p, wire **y, const wire *x, const lookup *t, const double *gain)
{
    CHECK(x->width == lookup_width(t) && (t->alpha == 0 || x->grown >= t->bits));
    *y = wire_new(p, x->n, t->bits, t->frac);
    if (!*y) {
        return ERR_RESOURCE;
    }
    status st = OK;
    mpc_gate(p);
    for (size_t i = 0; i < x->n; i += LOOKUP_BLOCK) {
        mpc_count_dealt(p, block_bytes(t, x->n - i < LOOKUP_BLOCK ? x->n - i : LOOKUP_BLOCK));
    }
    switch (p->phase) {
    case MPC_PLAN:
        break;
    case MPC_DEAL:
        st = deal(p, x, t);
        break;
    case MPC_PREPARE:
        st = prepare(p, x, t);
        break;
    case MPC_EVALUATE:
        st = evaluate(p, *y, x, t, gain);
        break;
    }
    if (st == OK && t->alpha != 0) {
        st = add_line(p, *y, x, t);
    }
    if (st != OK) {
        wire_drop(p, *y);
        *y = NULL;
    }
    return st;
}
