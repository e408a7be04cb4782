/** Uniform words that a seed decides.
 *
 * A stream is that of base/random.h's prg under a seed and a purpose. Words of `bits` bits are the
 * next ring_packed_bytes(n, bits) bytes of it, unpacked (pack.h); the bits left over in the last
 * byte are thrown away. So what is drawn depends on the seed, the purpose, and the lengths and
 * widths drawn before, never on threads or tables.
 *
 * Cost: that of AES-256-CTR; the bytes go to words in the first cache. One stream belongs to one
 * thread, which may let a pool fill it.
 */
#ifndef TACIT_RING_STREAM_H
#define TACIT_RING_STREAM_H

#include "base/pool.h"
#include "base/random.h"
#include "ring/pack.h"

typedef struct ring_stream ring_stream;

/** For pools of at most n_threads. NULL, the reason in err, where memory is lacking. */
ring_stream *ring_stream_new(const uint8_t seed[PRG_SEED_BYTES], const char *purpose,
                             size_t n_threads, error *err);
void ring_stream_free(ring_stream *s); /* wipes */

/** The next n words. p NULL: all of them on this thread. */
void ring_stream_words(ring_stream *s, const ring_kernels *t, pool *p, uint64_t *x, size_t n,
                       unsigned bits);

/** The next n bytes. */
void ring_stream_bytes(ring_stream *s, void *out, size_t n);

#endif
