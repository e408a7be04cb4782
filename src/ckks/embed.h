/** The canonical embedding: n complex slots are the values of a real polynomial of 2n coefficients
 * at the roots zeta^(5^j), zeta = exp(2 pi i / 4n); docs/design/ckks-encoding.md.
 *
 * Floating point in one fixed order, without contraction, and roots that come from integers alone:
 * the same bits from each compiler and processor.
 */
#ifndef TACIT_CKKS_EMBED_H
#define TACIT_CKKS_EMBED_H

#include <stddef.h>

#include "base/status.h"

typedef struct ckks_embedding ckks_embedding;

/** For 1 .. 2^max_log_slots slots, max_log_slots <= 16. 2^(max_log_slots + 4) bytes. */
status ckks_embedding_new(ckks_embedding **out, unsigned max_log_slots, error *err) MUST_USE;
void ckks_embedding_free(ckks_embedding *e);

/** The root that place j < h of stage h (a power of two below 2^max_log_slots) multiplies by:
 * exp(2 pi i 5^j / 8h). Eq. (3) of ckks-encoding.md as a matrix is made of these. */
void ckks_embedding_root(const ckks_embedding *e, size_t h, size_t j, double *re, double *im);

/** Slots re + i im, in place, to coefficients: re holds the first n of them, im the others.
 * Error: the l2 norm of what is off is at most 8 (log_slots + 1) 2^-53 times that of the result.
 * Cost: n log n butterflies. */
void ckks_embed(const ckks_embedding *e, double *re, double *im, unsigned log_slots);

/** The other way, with the same error. */
void ckks_unembed(const ckks_embedding *e, double *re, double *im, unsigned log_slots);

#endif
