/** From residues modulo some primes to residues modulo others, without leaving 64-bit words.
 *
 * Let S be the product of the primes of `from`, x the polynomial over it as integers in [0, S), and
 * v_s = x (S/s)^-1 mod s. For each prime t of `to`
 *
 *     approximate:  z_t = Σ_s v_s (S/s)          mod t,  which is x + u S for some 0 <= u < n_from;
 *     centred:      z_t = Σ_s v_s (S/s) - u S    mod t,  u = round(Σ_s v_s / s): x centred, in
 *                   [-S/2, S/2], but for x nearer to S/2 than 2^-40 S, which may keep either sign.
 *
 * Raising a digit to more primes takes the approximate one; dividing by S (rescaling, or leaving
 * the special primes of key switching) is less noisy with the centred one, at the cost of one more
 * term. Both polynomials are in coefficients.
 *
 * Source: docs/design/ckks-ring.md Eq. (10)-(12).
 */
#ifndef TACIT_CKKS_CONVERT_H
#define TACIT_CKKS_CONVERT_H

#include "ckks/ring.h"

enum { CKKS_MAX_SOURCES = 64 };

typedef enum { CKKS_APPROXIMATE, CKKS_CENTRED } ckks_rounding;

/** Constants of one conversion; read-only after `new`. */
typedef struct {
    const ckks_ring *ring;
    ckks_basis from, to;
    uint64_t *hat_inverse; /* (S/s)^-1 mod s, for each s */
    uint64_t *hat_ratio;   /* ckks_mod_ratio of it */
    uint64_t *share;       /* floor(2^(51 + bits of s) / s) */
    uint64_t *hat;         /* for each t: S/s mod t for each s, then -S mod t */
} ckks_convert;

/** 1 to CKKS_MAX_SOURCES primes in `from`; `to` may be empty and may share primes with `from`.
 * Cost: some microseconds a pair of primes; keep what is used again. */
status ckks_convert_new(ckks_convert **out, const ckks_ring *r, const ckks_basis *from,
                        const ckks_basis *to, error *err) MUST_USE;
void ckks_convert_free(ckks_convert *c);

/** z over c->to from x over c->from; z is not x and does not overlap it. */
void ckks_convert_run(const ckks_convert *c, pool *p, ckks_rounding rounding, uint64_t *z,
                      const uint64_t *x);

#endif
