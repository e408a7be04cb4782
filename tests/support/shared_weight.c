#include "support/shared_weight.h"

#include "base/mem.h"
#include "test.h"

enum { SHARE_0, SHARE_1, SHARE_D, MASKED, BIAS_0, BIAS_1, BLOCKS };

static uint64_t *words(shared_weight *s, int block, size_t n)
{
    s->blocks[block] = mem_new(n, sizeof(uint64_t));
    assert_non_null(s->blocks[block]);
    return s->blocks[block];
}

/* Words as a weight holds them: as they are, or packed. */
static ring_right pack(shared_weight *s, int block, const weight_parts *p)
{
    size_t bytes;
    assert_true(ring_right_bytes(&bytes, p->in, p->out, p->bits));
    uint8_t *packed = mem_new(bytes, 1);
    assert_non_null(packed);
    ring_right_pack(ring_kernels_for(ISA_REF), packed, s->blocks[block], p->in, p->out, p->out, 1,
                    p->bits);
    mem_free(s->blocks[block]);
    s->blocks[block] = packed;
    return (ring_right){.k = p->in, .n = p->out, .bits = p->bits, .data = packed};
}

void shared_weight_new(shared_weight *s, const weight_parts *p)
{
    const size_t n = p->in * p->out;
    const uint64_t m = ring_mask(p->bits);
    uint64_t *all[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        all[i] = words(s, i, i < BIAS_0 ? n : p->out);
    }
    for (size_t i = 0; i < n; i++) {
        all[MASKED][i] = (p->w[i] - p->pad[0][i] - p->pad[1][i]) & m;
        all[SHARE_0][i] = (all[MASKED][i] + p->pad[0][i]) & m;
        all[SHARE_1][i] = p->pad[1][i] & m;
        all[SHARE_D][i] = (p->pad[0][i] + p->pad[1][i]) & m;
    }
    for (size_t i = 0; i < p->out; i++) {
        all[BIAS_0][i] = (p->bias[i] - p->bias_1[i]) & m;
        all[BIAS_1][i] = p->bias_1[i] & m;
    }
    for (int i = 0; i < 3; i++) {
        s->of[i] = (mpc_weight){.in = p->in,
                                .out = p->out,
                                .by_column = p->by_column,
                                .bits = p->bits,
                                .frac = p->frac,
                                .share_row = all[SHARE_0 + i],
                                .masked_row = all[MASKED],
                                .bias = i == 2 ? NULL : all[BIAS_0 + i]};
        if (!p->by_column) {
            s->of[i].share = pack(s, SHARE_0 + i, p);
        }
    }
    if (!p->by_column) {
        const ring_right masked = pack(s, MASKED, p);
        s->of[0].masked = s->of[1].masked = masked;
    }
}

void shared_weight_clear(shared_weight *s)
{
    for (int i = 0; i < BLOCKS; i++) {
        mem_free(s->blocks[i]);
        s->blocks[i] = NULL;
    }
}

const mpc_weight *shared_weight_for(const shared_weight *s, const mpc *p)
{
    return &s->of[p->phase == MPC_DEAL || p->phase == MPC_PLAN ? 2 : p->server];
}
