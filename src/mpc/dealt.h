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

/** A file in the channel's place, which is then not looked at: a dealer puts frames there, server 1
 * gets the next one into DEALT_FRAME_BYTES. */
typedef struct {
    status (*put)(void *ctx, uint8_t *frame, size_t len, error *err); /* may spoil the bytes */
    status (*get)(void *ctx, uint8_t *frame, size_t *len, error *err);
    void *ctx;
} dealt_file;

/** From the next frame on; all zeros: the channel again. What waited is dropped. */
void dealt_set_file(dealt *d, const dealt_file *file);

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
