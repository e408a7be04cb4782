#include "party/he_terms.h"

#include <stdio.h>

#include "he/wire.h"

status he_terms(handshake_terms *out, char parameters[HE_PARAMETERS_BYTES], const channel *c,
                const uint8_t digest[HASH_BYTES], error *err)
{
    snprintf(parameters, HE_PARAMETERS_BYTES, "messages %d, network %s", HE_WIRE_VERSION,
             network_name(channel_network(c)));
    return handshake_terms_make(out, "he", parameters, digest, err);
}
