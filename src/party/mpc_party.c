#include "party/mpc_party.h"

#include <stdio.h>

#include "net/handshake.h"

enum { PARAMETERS_BYTES = 64 };

static status make_terms(handshake_terms *out, char parameters[PARAMETERS_BYTES], const channel *c,
                         const mpc_party *p, error *err)
{
    const role peer = channel_peer(c);
    const bool between = p->who != HOLDER_DEALER &&
                         (peer == ROLE_SERVER0 || peer == ROLE_SERVER1) &&
                         channel_role(c) != ROLE_OWNER;
    snprintf(parameters, PARAMETERS_BYTES, "network %s%s", network_name(channel_network(c)),
             !between     ? ""
             : p->stocked ? ", material"
                          : ", dealer");
    return handshake_terms_make(out, "tacit " TACIT_VERSION " mpc", parameters, p->hash, err);
}

status mpc_party_handshake(channel *c, bool leads, const mpc_party *p, error *err)
{
    handshake_terms terms;
    char parameters[PARAMETERS_BYTES];
    TRY(make_terms(&terms, parameters, c, p, err));
    return handshake(c, leads, &terms, err);
}

status mpc_party_join(channel *c, const uint8_t session[FRAME_SESSION_BYTES], const mpc_party *p,
                      error *err)
{
    handshake_terms terms;
    char parameters[PARAMETERS_BYTES];
    TRY(make_terms(&terms, parameters, c, p, err));
    return handshake_into(c, session, &terms, err);
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
