/** Between slots and plaintexts: docs/design/ckks-encoding.md.
 *
 * 2^log_slots slots, of any number up to N/2, stand for N/2 slots that repeat them.
 * Error of encoding: each slot is off by at most 2^log_slots / scale from rounding (Eq. (5);
 * typically sqrt(2^log_slots / 6) / scale) and 2^-46 of the root mean square of all slots from
 * floating point.
 */
#ifndef TACIT_CKKS_ENCODE_H
#define TACIT_CKKS_ENCODE_H

#include "ckks/cipher.h"

/** What a plaintext is for. */
typedef struct {
    unsigned log_slots;
    size_t n_limbs;
    double scale;
    bool raised; /* over the special primes of that level too (linear.h) */
} ckks_encoding;

/** Slots re + i im; im NULL where they are real. out is new. ERR_PRECISION where a coefficient
 * does not stay below 2^62; ERR_RESOURCE. Constant time but for that.
 * Cost: an embedding and n_limbs transforms of 2^out->log_n words. */
status ckks_encode(ckks *c, ckks_plain *out, const double *re, const double *im,
                   const ckks_encoding *how) MUST_USE;

/** im may be NULL. Constant time. Coefficients are taken modulo q_0 q_1, so that |slot| * scale
 * must be below half of that (of q_0 where there is one limb): ERR_PRECISION where the scale alone
 * is not. */
status ckks_decode(ckks *c, double *re, double *im, const ckks_plain *x) MUST_USE;

/** The same bit, which is public from here on: whether slots could be encoded. */
bool ckks_reveal(bool x);

#endif
