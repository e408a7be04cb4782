#include "party/stip_terms.h"

#include <stdio.h>
#include <string.h>

status stip_terms(handshake_terms *out, char parameters[STIP_PARAMETERS_BYTES], const channel *c,
                  const uint8_t model[HASH_BYTES], error *err)
{
    *out = (handshake_terms){.program = "stip", .parameters = parameters};
    snprintf(parameters, STIP_PARAMETERS_BYTES, "network %s", network_name(channel_network(c)));
    memcpy(out->model, model, sizeof out->model);
    const span words = {(const uint8_t *)parameters, strlen(parameters)};
    return hash_sha256(out->agreement, &words, 1, err);
}
