/** What the two servers and the dealer have in common: a model's architecture, its plan, their own
 * part of its weights, and threads. */
#ifndef TACIT_PARTY_MPC_PARTY_H
#define TACIT_PARTY_MPC_PARTY_H

#include "base/hash.h"
#include "base/pool.h"
#include "mpc/engine.h"
#include "net/channel.h"

typedef struct {
    mpc_holder who;
    const model *model; /* weights are not read */
    const mpc_plan *plan;
    const mpc_weights *weights;
    uint8_t hash[HASH_BYTES]; /* of the sharing: the same at all parties */
    isa isa;
    size_t threads;
    buffers *buffers; /* of all its sessions; NULL: each has its own */
    bool stocked;     /* a server: with material that was dealt beforehand */
} mpc_party;

/** Where time goes, seconds. */
typedef struct {
    uint64_t inferences;
    double offline; /* until everything was prepared, where that is done before the input's turn */
    double online;  /* from the input to the answer, or what is left of it behind offline */
    double preparing, evaluating; /* of either thread's walk, side by side */
    mpc_times prepared, evaluated;
} mpc_tally;

/** Parties meet where they are of one sharing and one version of the program, emulate the same
 * network, and, being servers, have the same supply of randomness. */
status mpc_party_handshake(channel *c, bool leads, const mpc_party *p, error *err) MUST_USE;

/** The same for the party that leads, in a session that it has from elsewhere. */
status mpc_party_join(channel *c, const uint8_t session[FRAME_SESSION_BYTES], const mpc_party *p,
                      error *err) MUST_USE;

/** A walk over this party's weights; the caller fills in the rest. */
mpc_setup mpc_party_walk(const mpc_party *p, mpc_phase phase);

#endif
