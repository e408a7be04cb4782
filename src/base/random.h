/** Randomness: true bytes from the system, and streams that a seed decides.
 *
 * random_bytes asks the system each time and keeps nothing, so that threads and the child of a
 * fork never see the same bytes. A prg is a function of its seed and its purpose alone: whoever
 * has both gets the same stream, which is what it is for. One prg belongs to one thread.
 *
 * The stream: key = HMAC-SHA-256(seed, "tacit prg 1: " purpose); AES-256-CTR under that key over
 * zeros, the counter block starting at 0 and counting big-endian. Words are taken from the stream
 * eight bytes at a time, little-endian.
 */
#ifndef TACIT_BASE_RANDOM_H
#define TACIT_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { PRG_SEED_BYTES = 32 };

/** n bytes from getrandom(2). ERR_RESOURCE where the system gives none. */
status random_bytes(void *out, size_t n, error *err) MUST_USE;

typedef struct prg prg;

/** A stream of its own for every purpose: two purposes under one seed have nothing in common.
 * NULL, the reason in err, where memory is lacking. */
prg *prg_new(const uint8_t seed[PRG_SEED_BYTES], const char *purpose, error *err);
/** For masks by the gigabyte: AES-128-CTR under the first 16 bytes of HMAC-SHA-256(seed, "tacit
 * prg 2: " purpose), a third faster. */
prg *prg_new_bulk(const uint8_t seed[PRG_SEED_BYTES], const char *purpose, error *err);
void prg_free(prg *p); /* wipes */

/** The next n bytes; the stream is the same in whatever pieces it is taken. About 5 GB/s. */
void prg_bytes(prg *p, void *out, size_t n);

/** What is drawn next begins at this byte of the stream. */
void prg_seek(prg *p, uint64_t offset);

/** The next word. */
uint64_t prg_word(prg *p);

/** Uniform in [0, n), n > 0, without bias: with w the next word, the upper half of the product
 * w * n, unless its lower half is below 2^64 mod n, when the next word is tried. */
uint64_t prg_below(prg *p, uint64_t n);

/** A uniform permutation of 0 .. n-1, by Fisher and Yates: from the identity, for i = n-1 down to
 * 1, p[i] changes places with p[prg_below(i + 1)]. Which memory it touches depends on the
 * permutation. */
void prg_permutation(prg *p, uint32_t *out, size_t n);

#endif
