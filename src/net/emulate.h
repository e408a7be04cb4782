/** A slower network than the one that is there: when a frame would have arrived.
 *
 * A direction of a link carries one frame after the other, each for bytes * ns_per_byte, and
 * delivers it one_way_ns after its last byte has left. Both ends must be on one machine, whose
 * clock stands in the frames.
 */
#ifndef TACIT_NET_EMULATE_H
#define TACIT_NET_EMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum {
    NETWORK_LOCAL, /* as it is: nothing is added */
    NETWORK_LAN,   /* 1 Gbit/s, 1 ms round trip */
    NETWORK_WAN    /* 100 Mbit/s, 40 ms round trip */
} network;

const char *network_name(network n);
/** ERR_USAGE where no network has that name. */
status network_find(network *out, const char *name, error *err) MUST_USE;

/** One direction of a link. */
typedef struct {
    int64_t one_way_ns, ns_per_byte;
    int64_t free_ns; /* when its last frame has left */
} emulated_link;

emulated_link link_of(network n);

/** How long a frame is under way on an idle link. */
int64_t link_cost(const emulated_link *l, uint64_t bytes);

/** When a frame that was sent at that time arrives; the link is then busy until it has left. */
int64_t link_deliver(emulated_link *l, int64_t sent_ns, uint64_t bytes);

#endif
