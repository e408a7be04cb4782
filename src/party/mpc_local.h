/** All parties of mpc in one process: model owner, two servers and dealer as threads, joined by
 * channels in memory, for a data owner who is the caller. Each runs the code that it runs as a
 * process of its own. */
#ifndef TACIT_PARTY_MPC_LOCAL_H
#define TACIT_PARTY_MPC_LOCAL_H

#include "party/mpc_owner.h"
#include "party/mpc_server.h"

typedef struct mpc_local mpc_local;

/** Bytes prepared ahead of their use, unless asked for otherwise. */
enum { MPC_LOCAL_AHEAD = 64 << 20 };

typedef struct {
    size_t threads;  /* of each party's pools; 0: about a half of the processors */
    size_t ahead;    /* as in mpc_session */
    network network; /* emulated between all of them */
    mpc_asks asks;   /* as in mpc_owner */
    mpc_protocol protocol;
    bool oblivious; /* tables of embeddings shared: forward takes tokens */
} mpc_local_options;

/** Plans, shares the weights and starts the parties. m must outlive it. o NULL: the defaults. */
status mpc_local_new(mpc_local **out, const model *m, const mpc_local_options *o,
                     error *err) MUST_USE;
void mpc_local_free(mpc_local *l);

/** As mpc_owner_forward. */
status mpc_local_forward(mpc_local *l, float *out, const embedded *x, error *err) MUST_USE;

/** Under guard: whether any forward so far saw a value outside of its range. */
bool mpc_local_outside(const mpc_local *l);

/** Channels, for counters: owner to server 0 and 1, server 0 to server 1, server 0 and 1 to the
 * dealer; either end. */
enum {
    MPC_LOCAL_OWNER0,
    MPC_LOCAL_OWNER1,
    MPC_LOCAL_SERVERS,
    MPC_LOCAL_DEALER0,
    MPC_LOCAL_DEALER1,
    MPC_LOCAL_LINKS
};
const channel *mpc_local_link(const mpc_local *l, int link);
const mpc_plan *mpc_local_plan(const mpc_local *l);
size_t mpc_local_threads(const mpc_local *l);
/** Bytes of one party's packed weights. */
size_t mpc_local_share_bytes(const mpc_local *l);

/** A server's times. Only while no forward is under way. */
mpc_tally mpc_local_tally(const mpc_local *l, int server);

#endif
