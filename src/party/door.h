/** Where a party is called: TLS with certificates, a thread for each caller, and a stop that cuts
 * everybody off. */
#ifndef TACIT_PARTY_DOOR_H
#define TACIT_PARTY_DOOR_H

#include "net/channel.h"
#include "net/tls.h"

typedef struct door door;

/** Callers at once, TLS included; further ones are turned away. */
enum { DOOR_CALLERS = 64 };

typedef struct {
    const char *certs;   /* directory with ca.pem, ROLE.pem and ROLE.key */
    const char *address; /* HOST:PORT, port 0 for one that is free */
    role mine;
    role_set callers;
    channel_options channel;
} door_options;

/** A call, in a thread of its own. */
typedef struct {
    door *door;
    channel *caller; /* now the answerer's; NULL where TLS did not come about */
    error why;       /* … for this reason */
    int64_t began;   /* clock_ns */
} door_call;

typedef void door_answer(void *ctx, door_call *call);

/** Listens, answers nobody. */
status door_new(door **out, const door_options *o, error *err) MUST_USE;
/** Not while it runs; NULL is fine. */
void door_free(door *d);

unsigned door_port(const door *d);
const identity *door_identity(const door *d);

/** Answer callers until door_stop. OK after a stop. */
status door_run(door *d, door_answer *answer, void *ctx, error *err) MUST_USE;

/** From any thread: no further callers; callers in the middle of TLS and channels that are watched
 * are cut off. */
void door_stop(door *d);
bool door_stopped(const door *d);

/** From now on a stop cuts this channel off. False, and nothing is watched, where the stop has come
 * or four channels a caller are watched already. */
bool door_watch(door *d, channel *c);
/** Before the channel is given back; NULL, and one that is not watched, are fine. */
void door_unwatch(door *d, const channel *c);

#endif
