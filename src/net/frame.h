/** Frames: the form of everything that parties tell each other (docs/formats/frames.md).
 *
 * A header of fixed size, then the payload. Two tags make a frame that is altered, repeated, lost,
 * swapped with another or taken from another session stand out: one over the header with its
 * place in the stream, one over the payload where the transport does not see to that itself.
 */
#ifndef TACIT_NET_FRAME_H
#define TACIT_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { FRAME_VERSION = 1, FRAME_HEADER_BYTES = 88, FRAME_TAG_BYTES = 16, FRAME_SESSION_BYTES = 16 };

/** Ops below FRAME_FIRST_OP are the channel's own. */
enum { FRAME_HELLO = 1, FRAME_CLOSE = 2, FRAME_ABORT = 3, FRAME_FIRST_OP = 256 };

/** No frame is longer, whatever its receiver allows. */
static const uint64_t FRAME_MAX_BYTES = UINT64_C(1) << 40;

typedef struct {
    uint8_t from, to; /* roles */
    uint8_t session[FRAME_SESSION_BYTES];
    uint64_t number; /* 0, 1, … in its direction */
    uint64_t len;    /* of the payload */
    uint32_t op;
    uint64_t sent_ns;                     /* 0 unless a network is emulated */
    uint8_t payload_tag[FRAME_TAG_BYTES]; /* zeros where the transport is authentic */
} frame_header;

/** The key of one direction. */
typedef struct frame_key frame_key;

frame_key *frame_key_new(const uint8_t key[32], error *err);
void frame_key_free(frame_key *k);

/** The payload's tag: AES-256-GMAC under the direction's key and the frame's number. */
void frame_tag(frame_key *k, uint8_t tag[FRAME_TAG_BYTES], uint64_t number, const uint8_t *payload,
               size_t len);

/** Lay out and tag a header. */
void frame_seal(frame_key *k, uint8_t out[FRAME_HEADER_BYTES], const frame_header *h);

/** Read a header: magic, version, tag, and what must be zero. ERR_PROTOCOL. */
status frame_open(frame_key *k, frame_header *out, const uint8_t in[FRAME_HEADER_BYTES],
                  error *err) MUST_USE;

/** Whether two tags are the same, in a time that does not depend on them. */
bool frame_same_tag(const uint8_t a[FRAME_TAG_BYTES], const uint8_t b[FRAME_TAG_BYTES]);

#endif
