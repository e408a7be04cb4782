/** The cloud as a server: owners call over TLS, each gets a thread, all take turns on one model. */
#ifndef TACIT_PARTY_STIP_SERVER_H
#define TACIT_PARTY_STIP_SERVER_H

#include "base/status.h"

typedef struct stip_server stip_server;

enum { STIP_SERVER_SESSIONS = 64 }; /* at once; further callers are turned away */

/** dir: a protected model; certs: ca.pem, cloud.pem, cloud.key; address: HOST:PORT, port 0 for one
 * that is free. Opens everything, answers nobody. */
status stip_server_new(stip_server **out, const char *dir, const char *certs, const char *address,
                       size_t threads, error *err) MUST_USE;
/** Not while it runs. */
void stip_server_free(stip_server *s);

unsigned stip_server_port(const stip_server *s);

/** Told of each session when it is over, by that session's thread; why is empty where the owner
 * ended it. Never anything of what was asked or answered. */
typedef void stip_server_log(void *ctx, const char *why);

/** Answer callers until stip_server_stop. OK after a stop. */
status stip_server_run(stip_server *s, stip_server_log *log, void *ctx, error *err) MUST_USE;

/** From any thread: no further callers; sessions at hand are cut off. */
void stip_server_stop(stip_server *s);

#endif
