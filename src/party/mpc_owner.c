#include "party/mpc_owner.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "mpc/engine.h"
#include "nn/encoder.h"
#include "party/mpc_wire.h"

static status send_input(const mpc_owner *o, const embedded *x, arena *a, error *err)
{
    const size_t head_bytes = mpc_lengths_bytes(&x->seqs);
    const size_t bytes = mpc_input_bytes(&o->form, x->rows);
    uint8_t *first = arena_take(a, head_bytes + PRG_SEED_BYTES, 1);
    uint8_t *second = arena_take(a, head_bytes + bytes, 1);
    if (!first || !second) {
        return error_memory(err);
    }
    mpc_lengths_write(first, &x->seqs, o->asks);
    mpc_lengths_write(second, &x->seqs, o->asks);
    uint8_t *seed = first + head_bytes;
    TRY(random_bytes(seed, PRG_SEED_BYTES, err));
    TRY(mpc_input_share(second + head_bytes, seed, &o->form, o->model, x, o->isa, err));
    TRY(channel_send(o->servers[0], MPC_OP_INPUT, first, head_bytes + PRG_SEED_BYTES, err));
    return channel_send(o->servers[1], MPC_OP_INPUT, second, head_bytes + bytes, err);
}

static float number_of(uint64_t word)
{
    const int64_t v = (int64_t)(word << (64 - MPC_ANSWER_BITS)) >> (64 - MPC_ANSWER_BITS);
    return (float)ldexp((double)v, -MPC_FRAC);
}

/* From servers that add something to their shares any number may come. To refuse it would tell them
 * something of the label. */
static float label_of(const mpc_owner *o, uint64_t word)
{
    return (float)((word & ring_mask(MPC_ANSWER_BITS)) % o->model->head.n_labels);
}

static status receive_answer(const mpc_owner *o, float *out, bool *outside, size_t n_out, arena *a,
                             error *err)
{
    const size_t n = n_out + o->asks.guard;
    const ring_kernels *k = ring_kernels_for(o->isa);
    const size_t bytes = ring_packed_bytes(n, MPC_ANSWER_BITS);
    uint8_t *in = arena_take(a, bytes, 1);
    uint64_t *y = arena_take(a, n, sizeof *y), *part = arena_take(a, n, sizeof *part);
    if (!in || !y || !part) {
        return error_memory(err);
    }
    memset(y, 0, n * sizeof *y);
    for (int i = 0; i < 2; i++) {
        TRY(channel_receive(o->servers[i], MPC_OP_OUTPUT, in, bytes, err));
        ring_unpack(k, part, in, n, MPC_ANSWER_BITS);
        for (size_t j = 0; j < n; j++) {
            y[j] += part[j];
        }
    }
    *outside = o->asks.guard && (y[n_out] & ring_mask(MPC_ANSWER_BITS)) != 0;
    for (size_t j = 0; j < n_out; j++) {
        out[j] = o->asks.label ? label_of(o, y[j]) : number_of(y[j]);
    }
    return OK;
}

status mpc_owner_forward(const mpc_owner *o, float *out, bool *outside, const embedded *x, arena *a,
                         error *err)
{
    const arena_mark_t mark = arena_mark(a);
    const size_t columns = o->asks.label ? 1 : nn_encoder_columns(o->model);
    const size_t n = nn_encoder_rows(o->model, &x->seqs) * columns;
    status st = send_input(o, x, a, err);
    if (st == OK) {
        st = receive_answer(o, out, outside, n, a, err);
    }
    arena_release(a, mark);
    return st;
}

status mpc_owner_end(const mpc_owner *o, error *err)
{
    TRY(channel_send(o->servers[0], MPC_OP_END, NULL, 0, err));
    return channel_send(o->servers[1], MPC_OP_END, NULL, 0, err);
}
