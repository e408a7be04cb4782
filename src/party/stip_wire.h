/** What the data owner and the cloud tell each other under STIP: one question, one answer, one
 * round trip a run. docs/formats/stip-session.md.
 *
 * Lengths of sequences are public. Values are permuted by a key that the cloud does not have.
 */
#ifndef TACIT_PARTY_STIP_WIRE_H
#define TACIT_PARTY_STIP_WIRE_H

#include "base/arena.h"
#include "net/frame.h"
#include "nn/engine.h"

enum {
    STIP_OP_INPUT = FRAME_FIRST_OP, /* owner → cloud */
    STIP_OP_OUTPUT,                 /* cloud → owner: rows × columns floats */
    STIP_OP_END,                    /* owner → cloud: no more; empty */
    STIP_MAX_SEQUENCES = 1 << 16,
    STIP_MAX_ROWS = 1 << 20
};

/** Bytes of an input: n (u32), dim (u32), n lengths (u32 each), then rows × dim floats. */
size_t stip_input_bytes(const embedded *x);
void stip_input_write(uint8_t *out, const embedded *x);

/** Read an input for a model of that dim, in which no sequence has more than max_tokens rows.
 * What *x points to is the arena's. ERR_PROTOCOL where the bytes are not what they should be. */
status stip_input_read(embedded *x, const uint8_t *in, size_t len, size_t dim, size_t max_tokens,
                       arena *a, error *err) MUST_USE;

/** The most bytes that an input of such a model may have. */
size_t stip_input_limit(size_t dim);

#endif
