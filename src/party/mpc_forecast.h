/** What a session of one inference will cost, by a walk over shapes: exactly what channels count.
 */
#ifndef TACIT_PARTY_MPC_FORECAST_H
#define TACIT_PARTY_MPC_FORECAST_H

#include "mpc/engine.h"

typedef struct {
    uint64_t rounds; /* between the servers */
    /** Bytes sent, frames included; of either server. */
    uint64_t owner, server_offline, server_online, dealer;
    uint64_t dealt_bytes; /* of the dealer's: words for server 1 */
} mpc_forecast;

/** x: shapes alone. */
status mpc_forecast_make(mpc_forecast *out, const model *m, const mpc_plan *p, const embedded *x,
                         mpc_asks asks, error *err) MUST_USE;

#endif
