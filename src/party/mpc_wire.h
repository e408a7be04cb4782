/** What the parties of mpc tell each other beside openings and dealt words
 * (docs/formats/mpc-session.md). Lengths of sequences are public; everything else is masked. */
#ifndef TACIT_PARTY_MPC_WIRE_H
#define TACIT_PARTY_MPC_WIRE_H

#include "base/arena.h"
#include "mpc/engine.h"
#include "net/frame.h"
#include "nn/engine.h"

enum {
    MPC_OP_INPUT = FRAME_FIRST_OP, /* owner → server: lengths, then a seed or a share */
    MPC_OP_OUTPUT,                 /* server → owner: its share of the answer */
    MPC_OP_END,                    /* owner → server → dealer: no more; empty */
    MPC_OP_REQUEST,                /* server → dealer: lengths */
    MPC_OP_ROOT,                   /* dealer → server: the root of its streams */
    MPC_OP_MATERIAL, /* server → server: which inference of dealt material is used */
    MPC_MAX_SEQUENCES = 1 << 16,
    MPC_MAX_ROWS = 1 << 20
};

/** Lengths: n (u32), n lengths (u32 each). The highest bit of n asks for a guard, the next for
 * labels alone. */
size_t mpc_lengths_bytes(const sequences *s);
void mpc_lengths_write(uint8_t *out, const sequences *s, mpc_asks asks);

/** Read them from the beginning of len bytes; *used of these. x->dim stays as it is. Memory: the
 * arena's. ERR_PROTOCOL where they are not what they should be. */
status mpc_lengths_read(embedded *x, mpc_asks *asks, const uint8_t *in, size_t len,
                        size_t max_tokens, size_t *used, arena *a, error *err) MUST_USE;

#endif
