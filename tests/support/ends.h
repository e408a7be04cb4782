/** Two channels that are connected, in memory or over TLS on the loopback. */
#ifndef TACIT_TESTS_ENDS_H
#define TACIT_TESTS_ENDS_H

#include "net/channel.h"
#include "net/tls.h"

typedef enum { ENDS_MEMORY, ENDS_TLS } ends_kind;

/** An authority and certificates for all roles in a scratch directory, made when they are first
 * asked for; ends_forget takes them away. */
const char *ends_certs(void);
void ends_forget(void);

/** out[0] is the owner's, out[1] the cloud's. o may be NULL. */
void ends_open(ends_kind kind, channel *out[2], const channel_options *o);

/** As if the party had been killed: no farewell. */
void ends_kill(channel *c);

/** Bytes as they are, beside all frames. */
void ends_send_raw(channel *c, const void *bytes, size_t len);

/** A job in a thread of its own. */
typedef struct task task;
typedef status task_fn(void *ctx, error *err);
task *task_start(task_fn *fn, void *ctx);
/** Wait for its end; err may be NULL. */
status task_join(task *t, error *err);

#endif
