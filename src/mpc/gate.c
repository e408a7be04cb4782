#include <stdio.h>

#include "base/mem.h"
#include "mpc/dealt.h"
#include "mpc/gates.h"
#include "net/clock.h"

enum { CHUNK = 4096 }; /* words dealt at a time: all that is touched stays in the first cache */

double mpc_now(void)
{
    return (double)clock_ns() * 1e-9;
}

void mpc_spent(double *where, double begin)
{
    *where += mpc_now() - begin;
}

void mpc_gate(mpc *p)
{
    p->gate++;
}

/* The stream of one kind of one gate, of a server's root. */
static prg *gate_stream(const mpc *p, unsigned root, const char *kind)
{
    char purpose[48];
    snprintf(purpose, sizeof purpose, "mpc %s %u", kind, p->gate);
    return prg_new_bulk(p->root[root], purpose, p->err);
}

prg *mpc_mask_stream(const mpc *p, unsigned root)
{
    return gate_stream(p, root, "mask");
}

prg *mpc_deal_stream(const mpc *p)
{
    return gate_stream(p, 0, "dealt");
}

void mpc_count_dealt(mpc *p, size_t bytes)
{
    p->cost.dealt_bytes += bytes;
    if (p->phase == MPC_PLAN) {
        if (DEALT_FRAME_BYTES - p->waiting < bytes) {
            p->cost.dealt_frames++;
            p->waiting = 0;
        }
        p->waiting += bytes;
    }
}

static void count(mpc *p, size_t n, unsigned bits)
{
    for (size_t i = 0; i < n; i += CHUNK) {
        mpc_count_dealt(p, ring_packed_bytes(n - i < CHUNK ? n - i : CHUNK, bits));
    }
}

status mpc_deal_from(mpc *p, prg *first, const uint64_t *v, size_t n, unsigned bits)
{
    uint64_t share[CHUNK];
    uint8_t stream[CHUNK * 8];
    count(p, n, bits);
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        const size_t bytes = ring_packed_bytes(m, bits);
        uint8_t *out;
        TRY(dealt_room(p->dealt, p->dealer, bytes, &out, p->err));
        prg_bytes(first, stream, bytes);
        ring_unpack(p->ring, share, stream, m, bits);
        p->kernels->masked_minus(share, v + i, share, m);
        ring_pack(p->ring, out, share, m, bits);
        dealt_used(p->dealt, bytes);
    }
    return OK;
}

static status deal(mpc *p, const uint64_t *v, size_t n, unsigned bits)
{
    mpc_gate(p);
    prg *first = mpc_deal_stream(p);
    if (!first) {
        return ERR_RESOURCE;
    }
    const status st = mpc_deal_from(p, first, v, n, bits);
    prg_free(first);
    return st;
}

status mpc_dealt_bytes(mpc *p, uint8_t *out, size_t bytes)
{
    if (p->server == 1) {
        const double begin = mpc_now();
        const status st = dealt_take(p->dealt, p->dealer, out, bytes, p->err);
        mpc_spent(&p->times.waiting, begin);
        return st;
    }
    prg *mine = mpc_deal_stream(p);
    if (!mine) {
        return ERR_RESOURCE;
    }
    /* in whatever pieces the dealer took them: each of those begins at a whole byte */
    prg_bytes(mine, out, bytes);
    prg_free(mine);
    return OK;
}

status mpc_dealt_take(mpc *p, uint8_t *out, size_t n, unsigned bits)
{
    mpc_gate(p);
    count(p, n, bits);
    return mpc_dealt_bytes(p, out, ring_packed_bytes(n, bits));
}

static status prepare_words(mpc *p, size_t n, unsigned bits)
{
    const size_t bytes = ring_packed_bytes(n, bits);
    uint8_t *block = buffers_take(p->buffers, bytes);
    if (!block) {
        return error_memory(p->err);
    }
    const status st = mpc_dealt_take(p, block, n, bits);
    if (st != OK) {
        buffers_give(p->buffers, block);
        return st;
    }
    return queue_put(p->queue, p->gate, block, bytes, p->err);
}

status mpc_take(mpc *p, void **block)
{
    const double begin = mpc_now();
    const status st = queue_take(p->queue, p->gate, block, p->err);
    mpc_spent(&p->times.waiting, begin);
    return st;
}

static status evaluate_words(mpc *p, uint64_t *out, size_t n, unsigned bits)
{
    void *block;
    mpc_gate(p);
    count(p, n, bits);
    TRY(mpc_take(p, &block));
    ring_unpack(p->ring, out, block, n, bits);
    buffers_give(p->buffers, block);
    return OK;
}

status mpc_word_gate(mpc *p, const uint64_t *v, uint64_t *out, size_t n, unsigned bits)
{
    switch (p->phase) {
    case MPC_PLAN:
        mpc_gate(p);
        count(p, n, bits);
        return OK;
    case MPC_DEAL:
        return deal(p, v, n, bits);
    case MPC_PREPARE:
        return prepare_words(p, n, bits);
    case MPC_EVALUATE:
        break;
    }
    return evaluate_words(p, out, n, bits);
}

status mpc_gemm(mpc *p, ring_op op, uint64_t *c, size_t ldc, const uint64_t *a, size_t lda,
                size_t m, const ring_right *w)
{
    size_t bytes;
    if (!ring_gemm_scratch(&bytes, p->ring, p->pool, m, w->k, w->bits)) {
        return error_memory(p->err);
    }
    void *scratch = buffers_take(p->buffers, bytes);
    if (!scratch) {
        return error_memory(p->err);
    }
    const double begin = mpc_now();
    ring_gemm(p->ring, p->pool, op, c, ldc, a, lda, m, w, scratch);
    mpc_spent(&p->times.products, begin);
    buffers_give(p->buffers, scratch);
    return OK;
}
