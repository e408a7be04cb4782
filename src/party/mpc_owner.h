/** The data owner's side: what it embeds goes out as two shares, the answer comes back as two. */
#ifndef TACIT_PARTY_MPC_OWNER_H
#define TACIT_PARTY_MPC_OWNER_H

#include "base/arena.h"
#include "base/cpu.h"
#include "mpc/engine.h"
#include "mpc/input.h"
#include "net/channel.h"

typedef struct {
    channel *servers[2];
    const model *model; /* shape of answers, and ε of the first norm */
    mpc_input_form form;
    isa isa;
    mpc_asks asks;
} mpc_owner;

/** out = what nn_encoder_forward gives for x, to about 2^-12 and what the look-ups add; where
 * labels are asked for, the index of each row's label, one number a row. *outside, under guard:
 * whether a value was outside of the range assumed for it, so that out is not to be trusted;
 * nothing else that the owner does may depend on it, else the servers would learn it. Scratch: from
 * a, given back and wiped. */
status mpc_owner_forward(const mpc_owner *o, float *out, bool *outside, const embedded *x, arena *a,
                         error *err) MUST_USE;

/** Tell both servers that nothing more comes. */
status mpc_owner_end(const mpc_owner *o, error *err) MUST_USE;

#endif
