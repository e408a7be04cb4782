#include "party/stip_wire.h"

#include <string.h>

#include "net/wire.h"

enum { HEAD_BYTES = 8 };

size_t stip_input_bytes(const embedded *x)
{
    return HEAD_BYTES + 4 * x->seqs.n + sizeof(float) * x->rows * x->dim;
}

size_t stip_input_limit(size_t dim)
{
    return HEAD_BYTES + 4 * (size_t)STIP_MAX_SEQUENCES + sizeof(float) * STIP_MAX_ROWS * dim;
}

void stip_input_write(uint8_t *out, const embedded *x)
{
    wire_put_u32(out, (uint32_t)x->seqs.n);
    wire_put_u32(out + 4, (uint32_t)x->dim);
    out += HEAD_BYTES;
    for (size_t i = 0; i < x->seqs.n; i++, out += 4) {
        wire_put_u32(out, (uint32_t)(x->seqs.start[i + 1] - x->seqs.start[i]));
    }
    memcpy(out, x->x, sizeof(float) * x->rows * x->dim);
}

/* The lengths of n sequences as places where they begin. */
static status read_lengths(size_t *start, const uint8_t *in, size_t n, size_t max_tokens,
                           error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t len = wire_get_u32(in + 4 * i);
        if (len == 0 || len > max_tokens) {
            return error_set(err, ERR_PROTOCOL, "sequence %zu has %zu tokens, must be 1 to %zu",
                             i + 1, len, max_tokens);
        }
        start[i + 1] = start[i] + len;
    }
    if (start[n] > STIP_MAX_ROWS) {
        return error_set(err, ERR_PROTOCOL, "%zu tokens in one run, at most %d", start[n],
                         STIP_MAX_ROWS);
    }
    return OK;
}

status stip_input_read(embedded *x, const uint8_t *in, size_t len, size_t dim, size_t max_tokens,
                       arena *a, error *err)
{
    const size_t n = len >= HEAD_BYTES ? wire_get_u32(in) : 0;
    if (n == 0 || n > STIP_MAX_SEQUENCES || len - HEAD_BYTES < 4 * n) {
        return error_set(err, ERR_PROTOCOL, "an input of %zu bytes says it has %zu sequences", len,
                         n);
    }
    if (wire_get_u32(in + 4) != dim) {
        return error_set(err, ERR_PROTOCOL, "an input of %zu features, the model has %zu",
                         (size_t)wire_get_u32(in + 4), dim);
    }
    size_t *start = arena_take(a, n + 1, sizeof *start);
    if (!start) {
        return error_memory(err);
    }
    start[0] = 0;
    TRY(read_lengths(start, in + HEAD_BYTES, n, max_tokens, err));
    const size_t rows = start[n], rest = len - HEAD_BYTES - 4 * n;
    if (rest != sizeof(float) * rows * dim) {
        return error_set(err, ERR_PROTOCOL,
                         "an input of %zu tokens has %zu bytes of values, must "
                         "have %zu",
                         rows, rest, sizeof(float) * rows * dim);
    }
    float *values = arena_take(a, rows * dim, sizeof *values);
    if (!values) {
        return error_memory(err);
    }
    memcpy(values, in + HEAD_BYTES + 4 * n, rest);
    *x = (embedded){.rows = rows, .dim = dim, .seqs = {.n = n, .start = start}, .x = values};
    return OK;
}
