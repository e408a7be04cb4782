/** The cloud as a server: owners call over TLS, each gets a thread, all take turns on one model. */
#ifndef TACIT_PARTY_STIP_SERVER_H
#define TACIT_PARTY_STIP_SERVER_H

#include "net/channel.h"
#include "party/stip_cloud.h"

typedef struct stip_server stip_server;

typedef struct {
    const char *model;   /* directory of a protected model */
    const char *certs;   /* directory with ca.pem, cloud.pem, cloud.key */
    const char *address; /* HOST:PORT, port 0 for one that is free */
    size_t threads;      /* 0: one per processor */
    network network;     /* emulated */
} stip_server_options;

/** Opens everything, answers nobody. */
status stip_server_new(stip_server **out, const stip_server_options *o, error *err) MUST_USE;
/** Not while it runs. */
void stip_server_free(stip_server *s);

unsigned stip_server_port(const stip_server *s);

/** A session that is over: what it cost and how it ended, nothing of what was asked or answered. */
typedef struct {
    error why; /* code OK where the owner ended it */
    double seconds;
    channel_counters count; /* zeros where TLS did not come about */
    stip_tally tally;
} stip_session_end;

/** Told of each session by that session's thread. */
typedef void stip_server_log(void *ctx, const stip_session_end *end);

/** Answer callers until stip_server_stop. OK after a stop. */
status stip_server_run(stip_server *s, stip_server_log *log, void *ctx, error *err) MUST_USE;

/** From any thread: no further callers; sessions at hand, and callers in the middle of TLS, are cut
 * off. */
void stip_server_stop(stip_server *s);

#endif
