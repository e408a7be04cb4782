/** One party's view of one inference: whoever it is, it walks the same forward pass gate by gate.
 *
 * Four walks exist, and each gate says in one file what it does on each of them:
 *
 *   MPC_PLAN      nobody's: shapes alone; counts rounds, bytes and the dealer's words
 *   MPC_DEAL      the dealer's: knows every mask, deals what the servers need of them
 *   MPC_PREPARE   a server's, before or beside the input: takes its words, computes all that
 *                 does not depend on the input, and puts it into a queue
 *   MPC_EVALUATE  a server's, on the input: takes from the queue, opens wires
 *
 * So forecast, dealing and run cannot drift apart.
 */
#ifndef TACIT_MPC_PARTY_H
#define TACIT_MPC_PARTY_H

#include "base/pool.h"
#include "base/random.h"
#include "mpc/buffers.h"
#include "mpc/kernels.h"
#include "mpc/queue.h"
#include "mpc/wire.h"
#include "net/channel.h"
#include "ring/gemm.h"
#include "ring/pack.h"

typedef enum { MPC_PLAN, MPC_DEAL, MPC_PREPARE, MPC_EVALUATE } mpc_phase;

/** What a walk has cost so far: the same numbers on every walk. */
typedef struct {
    uint64_t rounds;
    uint64_t opened_bytes; /* that each server sends the other */
    uint64_t dealt_bytes;  /* words from the dealer to server 1; server 0 has them from its seed */
    uint64_t dealt_frames; /* in which they travel; counted on MPC_PLAN alone */
} mpc_cost;

/** Where a server's walk spends its time, seconds; what is left of the whole is masks: drawing,
 * packing, adding. */
typedef struct {
    double products, lookups, waiting;
} mpc_times;

typedef struct {
    mpc_phase phase;
    unsigned server; /* 0 or 1; of a server's walks */
    const ring_kernels *ring;
    const mpc_kernels *kernels;
    pool *pool;
    buffers *buffers;
    error *err;
    mpc_cost cost;
    mpc_times times;
    size_t waiting; /* MPC_PLAN: bytes that the dealer would not have sent yet */
    uint32_t gate;  /* number of the gate at hand: names its streams */

    uint8_t root[2][PRG_SEED_BYTES]; /* MPC_DEAL: of both servers; a server's walks: own first */
    channel *dealer;                 /* MPC_DEAL: to server 1; MPC_PREPARE of server 1 */
    struct dealt *dealt;             /* bytes on their way between dealer and server 1 */
    queue *queue;                    /* MPC_PREPARE puts, MPC_EVALUATE takes */
    channel *peer;                   /* MPC_EVALUATE: the other server */
    const uint8_t *input;            /* MPC_EVALUATE: what the owner sent */
} mpc;

/** A wire of n elements without values; a share where this walk has shares. NULL, the reason in
 * p->err, where memory is lacking. */
wire *wire_new(mpc *p, size_t n, unsigned bits, unsigned frac);
void wire_drop(mpc *p, wire *w); /* NULL is fine */

/** n words of scratch, not zeroed; NULL with the reason in p->err. */
uint64_t *mpc_words(mpc *p, size_t n);
void mpc_words_drop(mpc *p, uint64_t *words);

static inline bool mpc_has_shares(const mpc *p)
{
    return p->phase == MPC_EVALUATE;
}

#endif
