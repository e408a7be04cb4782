#include "party/mpc_dealer.h"

#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"
#include "mpc/dealt.h"
#include "net/clock.h"
#include "nn/encoder.h"
#include "party/mpc_wire.h"

typedef struct {
    const mpc_party *party;
    channel *to[2];
    pool *pool;
    buffers *buffers;
    dealt *dealt;
    arena *scratch;
    mpc_tally *tally;
} dealer;

/* Deal one inference of that shape. */
static status deal(dealer *d, const embedded *x, mpc_asks asks, error *err)
{
    mpc_setup s = mpc_party_walk(d->party, MPC_DEAL);
    s.asks = asks;
    s.walk.pool = d->pool;
    s.walk.buffers = d->buffers;
    s.walk.dealer = d->to[1];
    s.walk.dealt = d->dealt;
    engine *e = NULL;
    status st = random_bytes(s.walk.root, sizeof s.walk.root, err);
    for (int i = 0; st == OK && i < 2; i++) {
        st = channel_send(d->to[i], MPC_OP_ROOT, s.walk.root[i], PRG_SEED_BYTES, err);
    }
    if (st == OK) {
        st = mpc_engine_new(&e, &s, err);
    }
    if (st == OK) {
        e->err = err;
        st = nn_encoder_forward(e, NULL, d->party->model, x);
        e->ops->free(e);
    }
    if (st == OK) {
        st = dealt_flush(d->dealt, d->to[1], err);
    }
    mem_wipe(s.walk.root, sizeof s.walk.root);
    return st;
}

/* What a server asks for next: *len bytes of lengths, or none where it is at its end. */
static status next_request(dealer *d, int i, uint8_t **out, size_t *len, error *err)
{
    const channel_allowed allowed[] = {{MPC_OP_REQUEST, 4 + 4 * (size_t)MPC_MAX_SEQUENCES},
                                       {MPC_OP_END, 0}};
    uint32_t op;
    TRY(channel_next(d->to[i], allowed, 2, &op, len, err));
    *out = arena_take(d->scratch, *len + 1, 1);
    if (!*out) {
        return error_memory(err);
    }
    TRY(channel_payload(d->to[i], *out, err));
    if (op == MPC_OP_END) {
        *len = 0;
    }
    return OK;
}

static status serve(dealer *d, error *err)
{
    for (;;) {
        const arena_mark_t mark = arena_mark(d->scratch);
        uint8_t *asked[2];
        size_t len[2], used;
        embedded x = {.dim = d->party->model->dim};
        TRY(next_request(d, 0, &asked[0], &len[0], err));
        TRY(next_request(d, 1, &asked[1], &len[1], err));
        if (len[0] != len[1] || memcmp(asked[0], asked[1], len[0]) != 0) {
            return error_set(err, ERR_PROTOCOL, "the servers ask for different lengths");
        }
        if (len[0] == 0) {
            return OK;
        }
        mpc_asks asks;
        TRY(mpc_lengths_read(&x, &asks, asked[0], len[0], d->party->model->max_tokens, &used,
                             d->scratch, err));
        const int64_t begin = clock_ns();
        TRY(deal(d, &x, asks, err));
        d->tally->inferences++;
        d->tally->offline += (double)(clock_ns() - begin) / 1e9;
        arena_release(d->scratch, mark);
    }
}

static status make(dealer *d, error *err)
{
    d->dealt = dealt_new(err);
    d->scratch = arena_new();
    if (!d->dealt || !d->scratch) {
        return error_memory(err);
    }
    d->buffers = d->party->buffers;
    if (!d->buffers) {
        TRY(buffers_new(&d->buffers, err));
    }
    return pool_new(&d->pool, d->party->threads, err);
}

status mpc_dealer_serve(const mpc_party *p, channel *server0, channel *server1, mpc_tally *tally,
                        error *err)
{
    mpc_tally unread = {0};
    dealer d = {.party = p, .to = {server0, server1}, .tally = tally ? tally : &unread};
    status st = make(&d, err);
    if (st == OK) {
        st = serve(&d, err);
    }
    if (st != OK) {
        channel_abort(server0, st);
        channel_abort(server1, st);
    }
    if (d.buffers && d.buffers == p->buffers) {
        buffers_wipe(d.buffers);
    } else {
        buffers_free(d.buffers);
    }
    pool_free(d.pool);
    dealt_free(d.dealt);
    arena_free(d.scratch);
    return st;
}
