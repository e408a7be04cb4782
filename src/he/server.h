/** The model's side: weights as plaintexts, for any number of clients; and a session, which has one
 * client's evaluation keys and nothing that decrypts. */
#ifndef TACIT_HE_SERVER_H
#define TACIT_HE_SERVER_H

#include "base/pool.h"
#include "he/wire.h"

typedef struct he_server he_server;
typedef struct he_session he_session;

/** Encodes all weights of the plan's model; the plan outlives the server. Read-only from then on.
 * Cost: about a second; plan->weight_memory. */
status he_server_new(he_server **out, const he_plan *plan, pool *p, error *err) MUST_USE;
void he_server_free(he_server *s);

/** One client. The server outlives it. */
status he_session_new(he_session **out, const he_server *s, pool *p, error *err) MUST_USE;
void he_session_free(he_session *s);

/** The next key message; ERR_PROTOCOL where it is not the key whose turn it is. */
status he_session_key(he_session *s, span in, error *err) MUST_USE;

/** Whether all keys are here. */
bool he_session_ready(const he_session *s);

/** Called after each step, of n; NULL: nobody is told. */
typedef void he_progress(void *ctx, size_t step, size_t n);
void he_session_progress(he_session *s, he_progress *f, void *ctx);

/** Computes on an input, as far as the client's next round or to the end: out is the message for
 * the client. Where the session then waits, the next call's `in` is the client's answer to it. An
 * error ends the input at hand. */
status he_session_run(he_session *s, he_bytes *out, span in, error *err) MUST_USE;

/** Bytes of `in` of the next call where the last message was a round; else 0. */
size_t he_session_waits(const he_session *s);

/** What the last run has counted: the plan's tally. */
const he_tally *he_session_tally(const he_session *s);

/** Seconds of each step of the last run; as many as the program has. */
const double *he_session_seconds(const he_session *s);

#endif
