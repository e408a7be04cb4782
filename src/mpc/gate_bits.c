/* Bits, 64 to a word, shared so that their exclusive or is the secret. */
#include "base/mem.h"
#include "mpc/dealt.h"
#include "mpc/gates.h"

enum { MPC_OP_OPEN_BITS = FRAME_FIRST_OP + 34, WORD = 64, CHUNK = 4096 };

static status deal(mpc *p, const uint64_t *v, size_t n)
{
    uint64_t share[CHUNK];
    prg *first = mpc_deal_stream(p);
    status st = first ? OK : ERR_RESOURCE;
    for (size_t i = 0; st == OK && i < n; i += CHUNK) {
        const size_t m = n - i < CHUNK ? n - i : CHUNK, bytes = ring_packed_bytes(m, WORD);
        uint8_t *out;
        st = dealt_room(p->dealt, p->dealer, bytes, &out, p->err);
        if (st == OK) {
            prg_bytes(first, out, bytes);
            ring_unpack(p->ring, share, out, m, WORD);
            for (size_t j = 0; j < m; j++) {
                share[j] ^= v[i + j];
            }
            ring_pack(p->ring, out, share, m, WORD);
            dealt_used(p->dealt, bytes);
        }
    }
    prg_free(first);
    return st;
}

/* From the preparing walk to the evaluating one. */
static status put(mpc *p, uint8_t *block, size_t bytes, status st)
{
    if (st != OK) {
        buffers_give(p->buffers, block);
        return st;
    }
    return queue_put(p->queue, p->gate, block, bytes, p->err);
}

static status take(mpc *p, uint64_t *out, size_t n)
{
    void *block;
    TRY(mpc_take(p, &block));
    ring_unpack(p->ring, out, block, n, WORD);
    buffers_give(p->buffers, block);
    return OK;
}

status mpc_bit_gate(mpc *p, const uint64_t *v, uint64_t *out, size_t n)
{
    const size_t bytes = ring_packed_bytes(n, WORD);
    mpc_gate(p);
    for (size_t i = 0; i < n; i += CHUNK) {
        mpc_count_dealt(p, ring_packed_bytes(n - i < CHUNK ? n - i : CHUNK, WORD));
    }
    if (p->phase == MPC_DEAL) {
        return deal(p, v, n);
    }
    if (p->phase == MPC_EVALUATE) {
        return take(p, out, n);
    }
    if (p->phase == MPC_PLAN) {
        return OK;
    }
    uint8_t *block = buffers_take(p->buffers, bytes);
    return block ? put(p, block, bytes, mpc_dealt_bytes(p, block, bytes)) : error_memory(p->err);
}

/* A server's stream of masks, packed. */
static status draw(mpc *p, uint8_t *block, size_t bytes, unsigned root)
{
    prg *g = mpc_mask_stream(p, root);
    if (!g) {
        return ERR_RESOURCE;
    }
    prg_bytes(g, block, bytes);
    prg_free(g);
    return OK;
}

static status deal_masks(mpc *p, uint64_t *out, size_t n)
{
    const size_t bytes = ring_packed_bytes(n, WORD);
    uint8_t *block = buffers_take(p->buffers, bytes);
    uint64_t *second = mpc_words(p, n);
    status st = block && second ? draw(p, block, bytes, 0) : error_memory(p->err);
    if (st == OK) {
        ring_unpack(p->ring, out, block, n, WORD);
        st = draw(p, block, bytes, 1);
    }
    if (st == OK) {
        ring_unpack(p->ring, second, block, n, WORD);
        for (size_t i = 0; i < n; i++) {
            out[i] ^= second[i];
        }
    }
    buffers_give(p->buffers, block);
    mpc_words_drop(p, second);
    return st;
}

status mpc_bit_masks(mpc *p, uint64_t *out, size_t n)
{
    const size_t bytes = ring_packed_bytes(n, WORD);
    mpc_gate(p);
    if (p->phase == MPC_DEAL) {
        return deal_masks(p, out, n);
    }
    if (p->phase == MPC_EVALUATE) {
        return take(p, out, n);
    }
    if (p->phase == MPC_PLAN) {
        return OK;
    }
    uint8_t *block = buffers_take(p->buffers, bytes);
    return block ? put(p, block, bytes, draw(p, block, bytes, 0)) : error_memory(p->err);
}

status mpc_open_bits(mpc *p, uint64_t *x, size_t n)
{
    const size_t bytes = ring_packed_bytes(n, WORD);
    p->cost.rounds++;
    p->cost.opened_bytes += bytes;
    if (p->phase != MPC_EVALUATE) {
        return OK;
    }
    uint8_t *mine = buffers_take(p->buffers, bytes), *theirs = buffers_take(p->buffers, bytes);
    uint64_t *other = mpc_words(p, n);
    status st = mine && theirs && other ? OK : error_memory(p->err);
    if (st == OK) {
        ring_pack(p->ring, mine, x, n, WORD);
        const double begin = mpc_now();
        st = channel_swap(p->peer, MPC_OP_OPEN_BITS, mine, bytes, theirs, bytes, p->err);
        mpc_spent(&p->times.waiting, begin);
    }
    if (st == OK) {
        ring_unpack(p->ring, other, theirs, n, WORD);
        for (size_t i = 0; i < n; i++) {
            x[i] ^= other[i];
        }
    }
    buffers_give(p->buffers, mine);
    buffers_give(p->buffers, theirs);
    mpc_words_drop(p, other);
    return st;
}
