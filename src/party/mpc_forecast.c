#include "party/mpc_forecast.h"

#include "mpc/input.h"
#include "nn/encoder.h"
#include "party/mpc_wire.h"

static status count(mpc_cost *out, const model *m, const mpc_plan *p, const embedded *x,
                    mpc_asks asks, error *err)
{
    buffers *b;
    engine *e;
    TRY(buffers_new(&b, err));
    const mpc_setup s = {
        .walk = {.phase = MPC_PLAN, .buffers = b}, .model = m, .plan = p, .asks = asks};
    status st = mpc_engine_new(&e, &s, err);
    if (st == OK) {
        e->err = err;
        st = nn_encoder_forward(e, NULL, m, x);
        *out = mpc_engine_walk(e)->cost;
        e->ops->free(e);
    }
    buffers_free(b);
    return st;
}

static uint64_t frame(uint64_t payload)
{
    return FRAME_HEADER_BYTES + payload;
}

status mpc_forecast_make(mpc_forecast *out, const model *m, const mpc_plan *p, const embedded *x,
                         mpc_asks asks, error *err)
{
    mpc_cost c;
    TRY(count(&c, m, p, x, asks, err));
    const uint64_t lengths = mpc_lengths_bytes(&x->seqs);
    const mpc_input_form form = mpc_input_form_for(p, m);
    const uint64_t input = mpc_input_bytes(&form, x->rows);
    const size_t columns = asks.label ? 1 : nn_encoder_columns(m);
    const size_t answers = nn_encoder_rows(m, &x->seqs) * columns + asks.guard;
    *out = (mpc_forecast){
        .rounds = c.rounds,
        .owner = frame(lengths + PRG_SEED_BYTES) + frame(lengths + input),
        .server_offline = frame(lengths),
        .server_online = c.opened_bytes + FRAME_HEADER_BYTES * c.rounds +
                         frame(ring_packed_bytes(answers, MPC_ANSWER_BITS)),
        .dealer =
            2 * frame(PRG_SEED_BYTES) + c.dealt_bytes + FRAME_HEADER_BYTES * (c.dealt_frames + 1),
        .dealt_bytes = c.dealt_bytes,
    };
    return OK;
}
