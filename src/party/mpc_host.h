/** A server or the dealer of mpc as a program: opens its part of a sharing, is called, calls the
 * others, and serves any number of data owners at once, each in a session of its own.
 *
 * The data owner draws a session's id and calls both servers with it; server0 calls server1 and the
 * dealer, server1 the dealer, all with that id, by which the calls find each other. Whoever waits
 * for a peer does so for MPC_HOST_MEETING_MS at most. docs/formats/mpc-session.md.
 */
#ifndef TACIT_PARTY_MPC_HOST_H
#define TACIT_PARTY_MPC_HOST_H

#include "net/channel.h"
#include "party/mpc_party.h"

typedef struct mpc_host mpc_host;

enum { MPC_HOST_MEETING_MS = 30 * 1000, MPC_HOST_TIMEOUT_MS = 600 * 1000 };

typedef struct {
    role who;             /* server0, server1 or dealer */
    const char *dir;      /* its part of a sharing */
    const char *certs;    /* directory with ca.pem, ROLE.pem, ROLE.key */
    const char *address;  /* where it is called */
    const char *peers;    /* server0: server1 and dealer; server1: dealer; dealer: NULL */
    const char *material; /* a server's directory of dealt material: then there is no dealer */
    size_t threads;       /* of each session's pools; 0: one per processor */
    network network;      /* emulated */
    int64_t timeout_ms;   /* for which a peer may be silent; 0: MPC_HOST_TIMEOUT_MS */
    size_t ahead;         /* as in mpc_session */
} mpc_host_options;

/** Opens everything, answers nobody. Errors as mpc_place_open, door_new and peers_parse. */
status mpc_host_new(mpc_host **out, const mpc_host_options *o, error *err) MUST_USE;
/** Not while it runs; NULL is fine. */
void mpc_host_free(mpc_host *h);
unsigned mpc_host_port(const mpc_host *h);
/** The sharing's id. */
const uint8_t *mpc_host_sharing(const mpc_host *h);

/** A session that is over: what it cost and how it ended, nothing of what was asked or answered. */
typedef struct {
    error why; /* code OK where the owner ended it */
    double seconds;
    mpc_tally tally;
    channel_counters count[ROLE_END]; /* by peer; zeros where there was none */
} mpc_host_end;

typedef void mpc_host_log(void *ctx, const mpc_host_end *end);

/** Serve until mpc_host_stop. OK after a stop. log: told of each session by that session's thread,
 * and of each call from which none came about. */
status mpc_host_run(mpc_host *h, mpc_host_log *log, void *ctx, error *err) MUST_USE;

/** From any thread: no further callers; sessions at hand are cut off. */
void mpc_host_stop(mpc_host *h);

#endif
