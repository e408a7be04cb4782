/** A transport between two threads of a process: two bounded queues of bytes. */
#ifndef TACIT_NET_MEMORY_H
#define TACIT_NET_MEMORY_H

#include "net/transport.h"

enum { MEMORY_QUEUE_BYTES = 1 << 20 };

/** Two ends, either in a thread of its own; each is freed by itself. `keys` are the secrets of the
 * directions, from end 0 to end 1 and back. capacity: of either queue, > 0. */
status memory_pair(transport *out[2], const uint8_t keys[2 * TRANSPORT_KEY_BYTES], size_t capacity,
                   error *err) MUST_USE;

#endif
