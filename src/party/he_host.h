/** The server's side of he: one model, its weights encoded once, for owners who call one after the
 * other or several at once.
 *
 * It takes keys and ciphertexts and gives ciphertexts; nothing that it has decrypts. Runs take
 * turns on one pool. Memory is reserved from the plan's forecast before it is taken, and owners for
 * whom it will not do are told so before they send a key. docs/formats/he-session.md.
 */
#ifndef TACIT_PARTY_HE_HOST_H
#define TACIT_PARTY_HE_HOST_H

#include "net/channel.h"
#include "party/he_cache.h"

typedef struct he_host he_host;

/** What an owner's or a server's channel may be silent for, unless it is said otherwise. */
enum { HE_TIMEOUT_MS = 600 * 1000 };

typedef struct {
    const model *model; /* outlives the host */
    uint8_t digest[HASH_BYTES];
    size_t threads;     /* 0: one per processor */
    size_t memory;      /* bytes for weights, keys and runs; 0: what is free now */
    int64_t timeout_ms; /* 0: HE_TIMEOUT_MS */
} he_host_options;

/** ERR_POLICY where the model has no steps on ciphertexts. Weights are encoded when somebody asks
 * for them. */
status he_host_new(he_host **out, const he_host_options *o, error *err) MUST_USE;
void he_host_free(he_host *h);
size_t he_host_threads(const he_host *h);

/** Of one session. */
typedef struct {
    uint64_t inputs, answers; /* that came, that went out */
    uint64_t keys, kept;      /* that came; that were here already */
    double seconds_keys, seconds_runs;
} he_tally_of_session;

/** One session with an owner, from handshake to the end that the owner makes. Any thread; OK where
 * the owner ended it. tally may be NULL; it is filled whatever happens. */
status he_host_serve(he_host *h, channel *owner, he_tally_of_session *tally, error *err) MUST_USE;

#endif
