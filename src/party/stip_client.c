#include "party/stip_client.h"

#include "base/mem.h"
#include "nn/encoder.h"
#include "party/stip_terms.h"
#include "party/stip_wire.h"

status stip_client_begin(channel *cloud, const stip_owner *o, error *err)
{
    handshake_terms terms;
    char parameters[STIP_PARAMETERS_BYTES];
    TRY(stip_terms(&terms, parameters, cloud, o->key.model, err));
    return handshake(cloud, true, &terms, err);
}

static status ask(channel *cloud, const stip_owner *o, float *out, const embedded *x, arena *a,
                  error *err)
{
    const size_t rows = nn_encoder_rows(o->model, &x->seqs);
    const size_t count = rows * nn_encoder_columns(o->model), bytes = stip_input_bytes(x);
    float *permuted = arena_take(a, x->rows * x->dim, sizeof *permuted);
    uint8_t *message = arena_take(a, bytes, 1);
    float *y = arena_take(a, count, sizeof *y);
    if (!permuted || !message || !y) {
        return error_memory(err);
    }
    stip_encode(&o->key, permuted, x->x, x->rows);
    embedded hidden = *x;
    hidden.x = permuted;
    stip_input_write(message, &hidden);
    TRY(channel_send(cloud, STIP_OP_INPUT, message, bytes, err));
    TRY(channel_receive(cloud, STIP_OP_OUTPUT, y, count * sizeof *y, err));
    stip_decode(&o->key, out, y, rows);
    return OK;
}

status stip_client_forward(channel *cloud, const stip_owner *o, float *out, const embedded *x,
                           arena *a, error *err)
{
    const arena_mark_t mark = arena_mark(a);
    const status st = ask(cloud, o, out, x, a, err);
    arena_release(a, mark);
    mem_wipe_stack();
    return st;
}

status stip_client_end(channel *cloud, error *err)
{
    return channel_send(cloud, STIP_OP_END, NULL, 0, err);
}
