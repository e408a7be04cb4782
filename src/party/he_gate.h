/** A host of he as a server: owners call over TLS, each gets a thread. */
#ifndef TACIT_PARTY_HE_GATE_H
#define TACIT_PARTY_HE_GATE_H

#include "party/he_host.h"

typedef struct he_gate he_gate;

typedef struct {
    const char *model;   /* directory, weights and all */
    const char *certs;   /* directory with ca.pem, he-server.pem, he-server.key */
    const char *address; /* HOST:PORT, port 0 for one that is free */
    size_t threads;      /* 0: one per processor */
    size_t memory;       /* as in he_host_options */
    int64_t timeout_ms;  /* as there */
    network network;     /* emulated */
} he_gate_options;

/** Opens everything, answers nobody. */
status he_gate_new(he_gate **out, const he_gate_options *o, error *err) MUST_USE;
/** Not while it runs; NULL is fine. */
void he_gate_free(he_gate *g);

unsigned he_gate_port(const he_gate *g);

/** A session that is over: what it cost and how it ended, nothing of what was asked or answered. */
typedef struct {
    error why; /* code OK where the owner ended it */
    double seconds;
    channel_counters count; /* zeros where TLS did not come about */
    he_tally_of_session tally;
} he_gate_end;

/** Told of each session by that session's thread. */
typedef void he_gate_log(void *ctx, const he_gate_end *end);

/** Answer callers until he_gate_stop. OK after a stop. */
status he_gate_run(he_gate *g, he_gate_log *log, void *ctx, error *err) MUST_USE;

/** From any thread: no further callers; sessions at hand are cut off, once what they compute is
 * done. */
void he_gate_stop(he_gate *g);

#endif
