#include "party/mpc_party.h"

#include <string.h>

#include "net/handshake.h"

status mpc_party_handshake(channel *c, bool leads, const mpc_party *p, error *err)
{
    handshake_terms terms = {.program = "mpc"};
    memcpy(terms.model, p->hash, sizeof terms.model);
    return handshake(c, leads, &terms, err);
}

mpc_setup mpc_party_walk(const mpc_party *p, mpc_phase phase)
{
    return (mpc_setup){
        .walk = {.phase = phase,
                 .server = p->who == HOLDER_SERVER1 ? 1 : 0,
                 .ring = ring_kernels_for(p->isa),
                 .kernels = mpc_kernels_for(p->isa)},
        .model = p->model,
        .plan = p->plan,
        .weights = p->weights,
    };
}
