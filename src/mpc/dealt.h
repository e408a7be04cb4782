/** The dealer's words for server 1: one stream of bytes, cut into frames without regard to where
 * words end. */
#ifndef TACIT_MPC_DEALT_H
#define TACIT_MPC_DEALT_H

#include "base/arena.h"
#include "net/channel.h"

enum { MPC_OP_DEALT = FRAME_FIRST_OP + 32, DEALT_FRAME_BYTES = 1 << 20 };

typedef struct dealt dealt;

dealt *dealt_new(error *err);
void dealt_free(dealt *d);

/** Dealer: `room` contiguous bytes at the end of what is to be sent, room <= DEALT_FRAME_BYTES / 4;
 * sends what is there before where that is needed. Then how many of them were used. */
status dealt_room(dealt *d, channel *to, size_t room, uint8_t **out, error *err) MUST_USE;
void dealt_used(dealt *d, size_t bytes);
status dealt_flush(dealt *d, channel *to, error *err) MUST_USE;

/** Server 1: the next n bytes. */
status dealt_take(dealt *d, channel *from, uint8_t *out, size_t n, error *err) MUST_USE;

/** Server 1, at the end: nothing must be left over. ERR_PROTOCOL. */
status dealt_end(dealt *d, error *err) MUST_USE;

#endif
