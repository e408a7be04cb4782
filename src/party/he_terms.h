/** What owner and server of he agree on before a session (docs/formats/he-session.md). */
#ifndef TACIT_PARTY_HE_TERMS_H
#define TACIT_PARTY_HE_TERMS_H

#include "base/hash.h"
#include "net/handshake.h"

enum { HE_PARAMETERS_BYTES = 64 };

/** The model, versions, and the network that the channel emulates. `parameters` holds the words
 * that the terms point to. */
status he_terms(handshake_terms *out, char parameters[HE_PARAMETERS_BYTES], const channel *c,
                const uint8_t digest[HASH_BYTES], error *err) MUST_USE;

#endif
