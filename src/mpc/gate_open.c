/* Opening: both servers send share + mask and add what they get. mpc.md Eq. (1) */
#include "base/mem.h"
#include "mpc/gates.h"

enum { MPC_OP_OPEN = FRAME_FIRST_OP + 33 };

/* The dealer's and the preparing walk's masks of one wire. */
static status draw(mpc *p, uint64_t *out, unsigned root, size_t n, unsigned width)
{
    const size_t bytes = ring_packed_bytes(n, width);
    uint8_t *stream = buffers_take(p->buffers, bytes);
    prg *s = stream ? mpc_mask_stream(p, root) : NULL;
    if (!s) {
        buffers_give(p->buffers, stream);
        return error_memory(p->err);
    }
    prg_bytes(s, stream, bytes);
    prg_free(s);
    ring_unpack(p->ring, out, stream, n, width);
    if (p->phase == MPC_PREPARE) {
        return queue_put(p->queue, p->gate, stream, bytes, p->err);
    }
    buffers_give(p->buffers, stream);
    return OK;
}

static status deal_mask(mpc *p, wire *x, unsigned width)
{
    uint64_t *second = mpc_words(p, x->n);
    if (!second) {
        return ERR_RESOURCE;
    }
    status st = draw(p, x->mask, 0, x->n, width);
    if (st == OK) {
        st = draw(p, second, 1, x->n, width);
    }
    if (st == OK) {
        p->kernels->add(x->mask, x->mask, second, x->n, ring_mask(width));
    }
    mpc_words_drop(p, second);
    return st;
}

static status take_mask(mpc *p, wire *x, unsigned width)
{
    void *block;
    TRY(mpc_take(p, &block));
    ring_unpack(p->ring, x->mask, block, x->n, width);
    buffers_give(p->buffers, block);
    return OK;
}

/* Masks of one wire, on every walk. */
static status mask(mpc *p, wire *x, unsigned width)
{
    mpc_gate(p);
    if (p->phase == MPC_PLAN) {
        return OK;
    }
    x->mask = mpc_words(p, x->n);
    if (!x->mask) {
        return ERR_RESOURCE;
    }
    if (p->phase == MPC_DEAL) {
        return deal_mask(p, x, width);
    }
    return p->phase == MPC_PREPARE ? draw(p, x->mask, 0, x->n, width) : take_mask(p, x, width);
}

/* r in the larger ring, and its highest bit there. */
static status grow_mask(mpc *p, wire *x, unsigned width, unsigned grow)
{
    uint64_t *top = NULL;
    if (p->phase == MPC_EVALUATE) {
        x->whole = mpc_words(p, x->n);
        x->top = mpc_words(p, x->n);
        if (!x->whole || !x->top) {
            return ERR_RESOURCE;
        }
    }
    if (p->phase == MPC_DEAL) {
        top = x->top = mpc_words(p, x->n);
        if (!top) {
            return ERR_RESOURCE;
        }
        for (size_t i = 0; i < x->n; i++) {
            top[i] = x->mask[i] >> (width - 1);
        }
    }
    TRY(mpc_word_gate(p, x->mask, x->whole, x->n, grow));
    TRY(mpc_word_gate(p, top, x->top, x->n, grow - width));
    x->grown = grow;
    return OK;
}

static size_t message_bytes(const opening *o, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += ring_packed_bytes(o[i].x->n, o[i].width);
    }
    return bytes;
}

/* share + mask, server 0 with half of the allowed range beside it where the wire grows. */
static void write_message(mpc *p, uint8_t *out, const opening *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wire *x = o[i].x;
        const uint64_t half = o[i].grow && p->server == 0 ? UINT64_C(1) << (o[i].width - 2) : 0;
        p->kernels->mask(x->masked, x->share, x->mask, x->n, half, ring_mask(o[i].width));
        ring_pack(p->ring, out, x->masked, x->n, o[i].width);
        out += ring_packed_bytes(x->n, o[i].width);
    }
}

static status read_message(mpc *p, const uint8_t *in, const opening *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wire *x = o[i].x;
        uint64_t *theirs = mpc_words(p, x->n);
        if (!theirs) {
            return ERR_RESOURCE;
        }
        ring_unpack(p->ring, theirs, in, x->n, o[i].width);
        p->kernels->add(x->masked, x->masked, theirs, x->n, ring_mask(o[i].width));
        mpc_words_drop(p, theirs);
        in += ring_packed_bytes(x->n, o[i].width);
    }
    return OK;
}

static status exchange(mpc *p, const opening *o, size_t n)
{
    const size_t bytes = message_bytes(o, n);
    uint8_t *mine = buffers_take(p->buffers, bytes), *theirs = buffers_take(p->buffers, bytes);
    status st = mine && theirs ? OK : error_memory(p->err);
    for (size_t i = 0; st == OK && i < n; i++) {
        o[i].x->masked = mpc_words(p, o[i].x->n);
        st = o[i].x->masked ? OK : ERR_RESOURCE;
    }
    if (st == OK) {
        write_message(p, mine, o, n);
        const double begin = mpc_now();
        st = channel_swap(p->peer, MPC_OP_OPEN, mine, bytes, theirs, bytes, p->err);
        mpc_spent(&p->times.waiting, begin);
    }
    if (st == OK) {
        st = read_message(p, theirs, o, n);
    }
    buffers_give(p->buffers, mine);
    buffers_give(p->buffers, theirs);
    return st;
}

status mpc_open(mpc *p, const opening *o, size_t n)
{
    CHECK(n <= MPC_MAX_OPENINGS);
    for (size_t i = 0; i < n; i++) {
        wire *x = o[i].x;
        CHECK(x->width == 0 && o[i].width <= x->bits && o[i].width >= 2);
        CHECK(!o[i].grow || (o[i].grow > o[i].width && o[i].grow <= 64));
        TRY(mask(p, x, o[i].width));
        if (o[i].grow) {
            TRY(grow_mask(p, x, o[i].width, o[i].grow));
        }
        x->width = o[i].width;
    }
    p->cost.rounds++;
    p->cost.opened_bytes += message_bytes(o, n);
    return p->phase == MPC_EVALUATE ? exchange(p, o, n) : OK;
}
