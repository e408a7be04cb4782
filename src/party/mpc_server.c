#define _GNU_SOURCE
#include "party/mpc_server.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mpc/dealt.h"
#include "mpc/gates.h"
#include "mpc/input.h"
#include "net/clock.h"
#include "nn/encoder.h"
#include "party/mpc_stock.h"
#include "party/mpc_wire.h"

typedef struct {
    const mpc_party *party;
    const mpc_session *session;
    mpc_tally *tally;
    mpc_input_form form;
    pool *pools[2]; /* of the preparing thread and of the answering one */
    buffers *buffers;
    dealt *dealt;
    arena *scratch;
} server;

/* One inference. */
typedef struct {
    server *s;
    embedded x;
    mpc_asks asks;
    const uint8_t *input;
    queue *queue;
    uint8_t root[PRG_SEED_BYTES];
    error prepare_error;
    uint8_t *answer; /* packed, in scratch */
    size_t answer_bytes;
    double preparing, evaluating;
    mpc_times prepared, evaluated;
} inference;

/* One of a server's walks, timed. Each uses of the setup what it needs. *out: its engine, for the
 * caller to free; NULL where it could not be made. */
static status run_walk(engine **out, inference *f, mpc_phase phase, double *seconds,
                       mpc_times *times, error *err)
{
    server *s = f->s;
    mpc_setup setup = mpc_party_walk(s->party, phase);
    setup.asks = f->asks;
    setup.walk.pool = s->pools[phase == MPC_EVALUATE];
    setup.walk.buffers = s->buffers;
    setup.walk.queue = f->queue;
    setup.walk.dealer = s->session->dealer;
    setup.walk.dealt = s->dealt;
    setup.walk.peer = s->session->peer;
    setup.walk.input = f->input;
    memcpy(setup.walk.root[0], f->root, sizeof f->root);
    status st = mpc_engine_new(out, &setup, err);
    mem_wipe(setup.walk.root, sizeof setup.walk.root);
    TRY(st);
    (*out)->err = err;
    const double begin = mpc_now();
    st = nn_encoder_forward(*out, NULL, s->party->model, &f->x);
    mpc_spent(seconds, begin);
    *times = mpc_engine_walk(*out)->times;
    return st;
}

static void drop_walk(engine *e)
{
    if (e) {
        e->ops->free(e);
    }
}

static status prepare(inference *f, error *err)
{
    engine *e;
    const status st = run_walk(&e, f, MPC_PREPARE, &f->preparing, &f->prepared, err);
    drop_walk(e);
    return st == OK ? dealt_end(f->s->dealt, err) : st;
}

static void *prepare_main(void *arg)
{
    inference *f = arg;
    (void)!prepare(f, &f->prepare_error);
    queue_close(f->queue, &f->prepare_error);
    mem_wipe_stack();
    return NULL;
}

static status pack_answer(inference *f, const engine *e, error *err)
{
    size_t n;
    const uint64_t *share = mpc_engine_answer(e, &n);
    f->answer_bytes = ring_packed_bytes(n, MPC_ANSWER_BITS);
    f->answer = arena_take(f->s->scratch, f->answer_bytes, 1);
    if (!f->answer) {
        return error_memory(err);
    }
    ring_pack(ring_kernels_for(f->s->party->isa), f->answer, share, n, MPC_ANSWER_BITS);
    return OK;
}

static status evaluate(inference *f, error *err)
{
    engine *e;
    status st = run_walk(&e, f, MPC_EVALUATE, &f->evaluating, &f->evaluated, err);
    if (st == OK) {
        st = pack_answer(f, e, err);
    }
    drop_walk(e);
    return st;
}

static void add_times(mpc_times *to, const mpc_times *from)
{
    to->products += from->products;
    to->lookups += from->lookups;
    to->waiting += from->waiting;
}

/* Both walks at once; the first failure is the one that counts. */
static status walk(inference *f, error *err)
{
    server *s = f->s;
    pthread_t thread;
    const int64_t begin = clock_ns();
    TRY(queue_new(&f->queue, s->buffers, s->session->ahead, err));
    if (pthread_create(&thread, NULL, prepare_main, f) != 0) {
        queue_free(f->queue);
        return error_set(err, ERR_RESOURCE, "cannot start a thread");
    }
    status st = s->session->ahead == 0 ? queue_wait_closed(f->queue, err) : OK;
    const int64_t middle = clock_ns();
    if (st == OK) {
        st = evaluate(f, err);
    }
    if (st != OK) { /* wake the other thread, wherever it waits */
        queue_close(f->queue, err);
        if (s->session->dealer) {
            channel_cancel(s->session->dealer);
        }
    }
    pthread_join(thread, NULL);
    queue_free(f->queue);
    s->tally->inferences++;
    s->tally->offline += (double)(middle - begin) / 1e9;
    s->tally->online += (double)(clock_ns() - middle) / 1e9;
    s->tally->preparing += f->preparing;
    s->tally->evaluating += f->evaluating;
    add_times(&s->tally->prepared, &f->prepared);
    add_times(&s->tally->evaluated, &f->evaluated);
    TRY(st); /* whoever has the answer may read the tally */
    return channel_send(s->session->owner, MPC_OP_OUTPUT, f->answer, f->answer_bytes, err);
}

static status ask_dealer(inference *f, const uint8_t *lengths, size_t len, error *err)
{
    channel *dealer = f->s->session->dealer;
    TRY(channel_send(dealer, MPC_OP_REQUEST, lengths, len, err));
    return channel_receive(dealer, MPC_OP_ROOT, f->root, sizeof f->root, err);
}

/* The same from material that was dealt beforehand. */
static status walk_on_material(inference *f, error *err)
{
    server *s = f->s;
    mpc_ration *words = NULL;
    TRY(mpc_stock_take(s->session->stock, s->session->peer, &f->x.seqs, f->asks, f->root, &words,
                       err));
    if (words) {
        const dealt_file file = mpc_ration_file(words);
        dealt_set_file(s->dealt, &file);
    }
    const status st = walk(f, err);
    dealt_set_file(s->dealt, &(dealt_file){0});
    mpc_ration_free(words);
    return st;
}

static status walk_with_dealer(inference *f, const uint8_t *lengths, size_t len, error *err)
{
    TRY(ask_dealer(f, lengths, len, err));
    return walk(f, err);
}

static status answer(server *s, size_t len, error *err)
{
    const mpc_party *p = s->party;
    inference f = {.s = s, .x = {.dim = p->model->dim}};
    uint8_t *in = arena_take(s->scratch, len, 1);
    size_t used;
    if (!in) {
        return error_memory(err);
    }
    TRY(channel_payload(s->session->owner, in, err));
    TRY(mpc_lengths_read(&f.x, &f.asks, in, len, p->model->max_tokens, &used, s->scratch, err));
    const size_t must =
        p->who == HOLDER_SERVER0 ? PRG_SEED_BYTES : mpc_input_bytes(&s->form, f.x.rows);
    if (s->form.oblivious && f.x.rows > MPC_OBLIVIOUS_ROWS) {
        return error_set(err, ERR_PROTOCOL, "owner: %zu tokens at once, at most %d", f.x.rows,
                         MPC_OBLIVIOUS_ROWS);
    }
    if (len - used != must) {
        return error_set(err, ERR_PROTOCOL,
                         "owner: an input of %zu tokens has %zu bytes, must have %zu", f.x.rows,
                         len - used, must);
    }
    f.input = in + used;
    const status st =
        s->session->dealer ? walk_with_dealer(&f, in, used, err) : walk_on_material(&f, err);
    mem_wipe(f.root, sizeof f.root);
    return st;
}

static status serve(server *s, error *err)
{
    const size_t rows = s->form.oblivious ? (size_t)MPC_OBLIVIOUS_ROWS : (size_t)MPC_MAX_ROWS;
    const channel_allowed allowed[] = {
        {MPC_OP_INPUT, 4 + 4 * (size_t)MPC_MAX_SEQUENCES + mpc_input_bytes(&s->form, rows)},
        {MPC_OP_END, 0},
    };
    for (;;) {
        const arena_mark_t mark = arena_mark(s->scratch);
        uint32_t op;
        size_t len;
        TRY(channel_next(s->session->owner, allowed, 2, &op, &len, err));
        if (op == MPC_OP_END) {
            TRY(channel_payload(s->session->owner, NULL, err));
            return s->session->dealer ? channel_send(s->session->dealer, MPC_OP_END, NULL, 0, err)
                                      : OK;
        }
        TRY(answer(s, len, err));
        arena_release(s->scratch, mark);
    }
}

static status make(server *s, error *err)
{
    s->dealt = dealt_new(err);
    s->scratch = arena_new();
    if (!s->dealt || !s->scratch) {
        return error_memory(err);
    }
    s->buffers = s->party->buffers;
    if (!s->buffers) {
        TRY(buffers_new(&s->buffers, err));
    }
    TRY(pool_new(&s->pools[0], s->party->threads, err));
    return pool_new(&s->pools[1], s->party->threads, err);
}

status mpc_server_serve(const mpc_party *p, const mpc_session *session, mpc_tally *tally,
                        error *err)
{
    mpc_tally unread = {0};
    server s = {.party = p,
                .session = session,
                .tally = tally ? tally : &unread,
                .form = mpc_input_form_for(p->plan, p->model)};
    status st = make(&s, err);
    if (st == OK) {
        st = serve(&s, err);
    }
    if (st != OK) {
        channel_abort(session->owner, st);
        channel_abort(session->peer, st);
        if (session->dealer) {
            channel_abort(session->dealer, st);
        }
    }
    if (s.buffers && s.buffers == p->buffers) {
        buffers_wipe(s.buffers);
    } else {
        buffers_free(s.buffers);
    }
    pool_free(s.pools[0]);
    pool_free(s.pools[1]);
    dealt_free(s.dealt);
    arena_free(s.scratch);
    return st;
}
