/** The first two frames of a channel: both parties say what they are about to do, and go on only
 * where they mean the same (docs/formats/frames.md). */
#ifndef TACIT_NET_HANDSHAKE_H
#define TACIT_NET_HANDSHAKE_H

#include "net/channel.h"

/** What both must have alike. */
typedef struct {
    const char *program;    /* its version: at most 31 characters */
    uint8_t model[32];      /* hash of the model's manifest */
    uint8_t agreement[32];  /* hash of every further parameter that must be the same */
    const char *parameters; /* those of this party in words, for errors; NULL: not said */
} handshake_terms;

/** Terms whose agreement is the hash of the parameters' words, which must outlive them. */
status handshake_terms_make(handshake_terms *out, const char *program, const char *parameters,
                            const uint8_t model[32], error *err) MUST_USE;

/** The party that leads draws the session's id, 16 random bytes, and speaks first; the other one
 * takes it over. Afterwards every frame belongs to that session. ERR_PROTOCOL names the field that
 * differs, at both ends. One round. */
status handshake(channel *c, bool leads, const handshake_terms *terms, error *err) MUST_USE;

/** As the party that leads, in a session that is there already: several channels of more than two
 * parties belong to one. Who follows needs not know. */
status handshake_into(channel *c, const uint8_t session[FRAME_SESSION_BYTES],
                      const handshake_terms *terms, error *err) MUST_USE;

#endif
