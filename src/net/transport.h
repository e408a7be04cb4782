/** What a channel needs of a way to carry bytes: a stream in either direction that never blocks,
 * and one place to wait. Two fill it: memory.c between threads, tls_transport.c between machines.
 *
 * A transport belongs to one thread, but for cancel, which any thread may call. Errors are set
 * without the peer's name, which the channel puts before them.
 */
#ifndef TACIT_NET_TRANSPORT_H
#define TACIT_NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    IO_DONE,  /* *done bytes moved, at least one */
    IO_WAIT,  /* nothing at the moment */
    IO_END,   /* the peer has closed its end */
    IO_FAILED /* err says why */
} io_result;

typedef enum { WAIT_READY, WAIT_LATE, WAIT_CANCELLED, WAIT_FAILED } wait_result;

enum { TRANSPORT_KEY_BYTES = 32 };

typedef struct transport transport;

typedef struct {
    io_result (*send)(transport *t, const uint8_t *data, size_t n, size_t *done, error *err);
    /** n: what the peer has promised to send before it waits for anything. */
    io_result (*receive)(transport *t, uint8_t *out, size_t n, size_t *done, error *err);
    /** Until one of what is asked for may go on (perhaps sooner), at most until that time by
     * clock_ns. With neither it is a sleep that cancel ends. */
    wait_result (*wait)(transport *t, bool to_send, bool to_receive, int64_t until, error *err);
    /** Every wait, now and later, ends with WAIT_CANCELLED. */
    void (*cancel)(transport *t);
    /** Tell the peer that nothing more comes; no I/O after it. */
    void (*close)(transport *t);
    void (*free)(transport *t);
} transport_ops;

/** The beginning of every transport. */
struct transport {
    const transport_ops *ops;
    /** The bytes arrive as they were sent or not at all, whatever happens between the ends. */
    bool authentic;
    /** Keys that only the two ends have, one a direction, for the tags of frames. */
    uint8_t send_key[TRANSPORT_KEY_BYTES], receive_key[TRANSPORT_KEY_BYTES];
    /** SHA-256 of the peer's public key; zeros where it has none. */
    uint8_t peer_key[32];
};

#endif
