/** What owner and cloud agree on before a STIP session (docs/formats/stip-session.md). */
#ifndef TACIT_PARTY_STIP_TERMS_H
#define TACIT_PARTY_STIP_TERMS_H

#include "base/hash.h"
#include "net/handshake.h"

enum { STIP_PARAMETERS_BYTES = 64 };

/** The protected model, and the network that the channel emulates. `parameters` holds the words
 * that the terms point to. */
status stip_terms(handshake_terms *out, char parameters[STIP_PARAMETERS_BYTES], const channel *c,
                  const uint8_t model[HASH_BYTES], error *err) MUST_USE;

#endif
