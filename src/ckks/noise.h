/** What noise operations add: docs/design/ckks-noise.md.
 *
 * All figures are bounds on the absolute value of the error of any slot, in units of 1 / scale (so
 * that they are divided by the scale of the ciphertext to be compared with slots). They hold for
 * all slots at once but with probability 2^-CKKS_NOISE_FAILURE per operation, under the usual
 * assumption that errors of different coefficients are independent.
 */
#ifndef TACIT_CKKS_NOISE_H
#define TACIT_CKKS_NOISE_H

#include "ckks/context.h"

enum { CKKS_NOISE_FAILURE = 30 };

/** Rounding slots to a plaintext. */
double ckks_noise_encode(const ckks_context *x);

/** Fresh ciphertexts, encoding included. */
double ckks_noise_encrypt(const ckks_context *x);
double ckks_noise_encrypt_public(const ckks_context *x);

/** Dividing by a prime or by the special ones: the rounding of both parts. */
double ckks_noise_divide(const ckks_context *x);

/** One key switching at that number of limbs, the division by the special primes included. */
double ckks_noise_switch(const ckks_context *x, size_t n_limbs);

/** Standard deviation of a coefficient where slots are off by at most `slots`; what flooding
 * (flood.h) has to cover. */
double ckks_noise_coefficient(const ckks_context *x, double slots);

#endif
