/** From a server's preparing walk to its evaluating one: blocks, in order, never more bytes at a
 * time than its limit, but always one. One thread puts, one takes. */
#ifndef TACIT_MPC_QUEUE_H
#define TACIT_MPC_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "mpc/buffers.h"

typedef struct queue queue;

/** limit 0: none. Blocks left over go back to b. */
status queue_new(queue **out, buffers *b, size_t limit, error *err) MUST_USE;
void queue_free(queue *q);

/** Takes the block over, whatever it returns. tag: what it is, checked by queue_take. Waits while
 * the queue is full. ERR_NETWORK (or what the other end said) after queue_close. */
status queue_put(queue *q, uint32_t tag, void *block, size_t bytes, error *err) MUST_USE;
status queue_take(queue *q, uint32_t tag, void **block, error *err) MUST_USE;

/** Either end gives up, or has come to its end (why OK): the other one's next call says so. */
void queue_close(queue *q, const error *why);

/** Wait until everything has been put and queue_close was called, or it failed. */
status queue_wait_closed(queue *q, error *err) MUST_USE;

#endif
