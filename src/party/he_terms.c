#include "party/he_terms.h"

#include <stdio.h>
#include <string.h>

#include "he/wire.h"

status he_terms(handshake_terms *out, char parameters[HE_PARAMETERS_BYTES], const channel *c,
                const uint8_t digest[HASH_BYTES], error *err)
{
    *out = (handshake_terms){.program = "he", .parameters = parameters};
    snprintf(parameters, HE_PARAMETERS_BYTES, "messages %d, network %s", HE_WIRE_VERSION,
             network_name(channel_network(c)));
    memcpy(out->model, digest, sizeof out->model);
    const span words = {(const uint8_t *)parameters, strlen(parameters)};
    return hash_sha256(out->agreement, &words, 1, err);
}
