#include "party/stip_terms.h"

#include <stdio.h>

status stip_terms(handshake_terms *out, char parameters[STIP_PARAMETERS_BYTES], const channel *c,
                  const uint8_t model[HASH_BYTES], error *err)
{
    snprintf(parameters, STIP_PARAMETERS_BYTES, "network %s", network_name(channel_network(c)));
    return handshake_terms_make(out, "stip", parameters, model, err);
}
