#include "net/handshake.h"

#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "net/channel_io.h"
#include "net/wire.h"

enum { WIRE_VERSION = 1, PROGRAM_BYTES = 32 };

/* Where the fields stand. */
enum {
    AT_WIRE = 0,
    AT_ROLE = 4,
    AT_PROGRAM = 8,
    AT_SESSION = AT_PROGRAM + PROGRAM_BYTES,
    AT_MODEL = AT_SESSION + FRAME_SESSION_BYTES,
    AT_AGREEMENT = AT_MODEL + HASH_BYTES,
    HELLO_BYTES = AT_AGREEMENT + HASH_BYTES
};

status handshake_terms_make(handshake_terms *out, const char *program, const char *parameters,
                            const uint8_t model[32], error *err)
{
    const span words = {(const uint8_t *)parameters, strlen(parameters)};
    *out = (handshake_terms){.program = program, .parameters = parameters};
    memcpy(out->model, model, sizeof out->model);
    return hash_sha256(out->agreement, &words, 1, err);
}

static void lay_out(uint8_t out[HELLO_BYTES], role mine, const uint8_t session[FRAME_SESSION_BYTES],
                    const handshake_terms *t)
{
    const size_t len = strlen(t->program);
    CHECK(len < PROGRAM_BYTES);
    memset(out, 0, HELLO_BYTES);
    wire_put_u32(out + AT_WIRE, WIRE_VERSION);
    wire_put_u32(out + AT_ROLE, (uint32_t)mine);
    memcpy(out + AT_PROGRAM, t->program, len);
    memcpy(out + AT_SESSION, session, FRAME_SESSION_BYTES);
    memcpy(out + AT_MODEL, t->model, HASH_BYTES);
    memcpy(out + AT_AGREEMENT, t->agreement, HASH_BYTES);
}

static status differs(channel *c, const char *field, error *err)
{
    return channel_fail(c, err, ERR_PROTOCOL, "has another %s than this party", field);
}

static status parameters_differ(channel *c, const handshake_terms *t, error *err)
{
    return t->parameters ? channel_fail(c, err, ERR_PROTOCOL,
                                        "has another set of parameters (agreement hash) than this "
                                        "party, whose are: %s",
                                        t->parameters)
                         : differs(c, "set of parameters (agreement hash)", err);
}

static status compare(channel *c, const uint8_t mine[HELLO_BYTES],
                      const uint8_t theirs[HELLO_BYTES], const handshake_terms *t, error *err)
{
    static const struct {
        const char *name;
        size_t at, len;
    } hashes[] = {{"model (hash)", AT_MODEL, HASH_BYTES},
                  {"session id", AT_SESSION, FRAME_SESSION_BYTES}};
    const uint32_t wire = wire_get_u32(theirs + AT_WIRE), peer = wire_get_u32(theirs + AT_ROLE);
    if (wire != WIRE_VERSION) {
        return channel_fail(c, err, ERR_PROTOCOL, "has wire version %u, this party %d",
                            (unsigned)wire, WIRE_VERSION);
    }
    if (memcmp(mine + AT_PROGRAM, theirs + AT_PROGRAM, PROGRAM_BYTES) != 0) {
        return channel_fail(c, err, ERR_PROTOCOL, "has program version %.31s, this party %s",
                            (const char *)theirs + AT_PROGRAM, (const char *)mine + AT_PROGRAM);
    }
    if (peer != (uint32_t)channel_peer(c)) {
        return channel_fail(c, err, ERR_PROTOCOL, "says its role is %s",
                            peer < ROLE_END ? role_name((role)peer) : "none that is known");
    }
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        if (memcmp(mine + hashes[i].at, theirs + hashes[i].at, hashes[i].len) != 0) {
            return differs(c, hashes[i].name, err);
        }
    }
    if (memcmp(mine + AT_AGREEMENT, theirs + AT_AGREEMENT, HASH_BYTES) != 0) {
        return parameters_differ(c, t, err);
    }
    return OK;
}

static status lead(channel *c, uint8_t mine[HELLO_BYTES], uint8_t theirs[HELLO_BYTES],
                   const uint8_t session[FRAME_SESSION_BYTES], const handshake_terms *terms,
                   error *err)
{
    lay_out(mine, channel_role(c), session, terms);
    TRY(channel_send(c, FRAME_HELLO, mine, HELLO_BYTES, err));
    return channel_receive(c, FRAME_HELLO, theirs, HELLO_BYTES, err);
}

/* It answers before it compares, so that the other end can tell what differs as well. */
static status follow(channel *c, uint8_t mine[HELLO_BYTES], uint8_t theirs[HELLO_BYTES],
                     const handshake_terms *terms, error *err)
{
    TRY(channel_receive(c, FRAME_HELLO, theirs, HELLO_BYTES, err));
    lay_out(mine, channel_role(c), theirs + AT_SESSION, terms);
    return channel_send(c, FRAME_HELLO, mine, HELLO_BYTES, err);
}

/* session NULL: the other end has one. */
static status greet(channel *c, const uint8_t *session, const handshake_terms *terms, error *err)
{
    uint8_t mine[HELLO_BYTES], theirs[HELLO_BYTES];
    TRY(session ? lead(c, mine, theirs, session, terms, err) : follow(c, mine, theirs, terms, err));
    TRY(compare(c, mine, theirs, terms, err));
    channel_set_session(c, mine + AT_SESSION);
    return OK;
}

status handshake(channel *c, bool leads, const handshake_terms *terms, error *err)
{
    uint8_t session[FRAME_SESSION_BYTES];
    if (leads) {
        TRY(random_bytes(session, sizeof session, err));
    }
    return greet(c, leads ? session : NULL, terms, err);
}

status handshake_into(channel *c, const uint8_t session[FRAME_SESSION_BYTES],
                      const handshake_terms *terms, error *err)
{
    return greet(c, session, terms, err);
}
