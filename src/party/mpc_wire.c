#include "party/mpc_wire.h"

#include "net/wire.h"

static const uint32_t GUARD = UINT32_C(1) << 31, LABEL = UINT32_C(1) << 30;

size_t mpc_lengths_bytes(const sequences *s)
{
    return 4 + 4 * s->n;
}

void mpc_lengths_write(uint8_t *out, const sequences *s, mpc_asks asks)
{
    wire_put_u32(out, (uint32_t)s->n | (asks.guard ? GUARD : 0) | (asks.label ? LABEL : 0));
    for (size_t i = 0; i < s->n; i++) {
        wire_put_u32(out + 4 + 4 * i, (uint32_t)(s->start[i + 1] - s->start[i]));
    }
}

status mpc_lengths_read(embedded *x, mpc_asks *asks, const uint8_t *in, size_t len,
                        size_t max_tokens, size_t *used, arena *a, error *err)
{
    const uint32_t first = len >= 4 ? wire_get_u32(in) : 0;
    const size_t n = first & ~(GUARD | LABEL);
    *asks = (mpc_asks){.guard = (first & GUARD) != 0, .label = (first & LABEL) != 0};
    if (n == 0 || n > MPC_MAX_SEQUENCES || len - 4 < 4 * n) {
        return error_set(err, ERR_PROTOCOL, "a request of %zu bytes says it has %zu sequences", len,
                         n);
    }
    size_t *start = arena_take(a, n + 1, sizeof *start);
    if (!start) {
        return error_memory(err);
    }
    start[0] = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t tokens = wire_get_u32(in + 4 + 4 * i);
        if (tokens == 0 || tokens > max_tokens) {
            return error_set(err, ERR_PROTOCOL, "sequence %zu has %zu tokens, must be 1 to %zu",
                             i + 1, tokens, max_tokens);
        }
        start[i + 1] = start[i] + tokens;
    }
    if (start[n] > MPC_MAX_ROWS) {
        return error_set(err, ERR_PROTOCOL, "%zu tokens in one run, at most %d", start[n],
                         MPC_MAX_ROWS);
    }
    x->rows = start[n];
    x->seqs = (sequences){.n = n, .start = start};
    x->x = NULL;
    *used = 4 + 4 * n;
    return OK;
}
