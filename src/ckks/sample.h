/** Random polynomials: docs/design/ckks-sampling.md.
 *
 * Each is a function of a seed and a purpose (base/random.h), whatever the threads and instruction
 * sets. Secret ones take the same time and touch the same addresses whatever they are.
 */
#ifndef TACIT_CKKS_SAMPLE_H
#define TACIT_CKKS_SAMPLE_H

#include "base/random.h"

/** Errors are centred binomials: half the difference in weight of two words of this many bits, so
 * of variance ERROR_BITS / 2 and standard deviation 3.24, and never beyond +-ERROR_BITS. */
enum { CKKS_ERROR_BITS = 21 };

/** n coefficients uniform in {-1, 0, 1}: x = floor(3 w / 2^128) - 1 for words w of 128 bits, hence
 * within 2^-126 of uniform each. Constant time. */
void ckks_sample_ternary(prg *p, int8_t *x, size_t n);

/** n errors. Constant time. */
void ckks_sample_error(prg *p, int8_t *x, size_t n);

/** `weight` coefficients of n are 1 or -1, each place and sign as likely; n is a power of two. Each
 * place is written by looking at all. How often a place is drawn again becomes public: by symmetry
 * it says nothing about which they are. */
void ckks_sample_sparse(prg *p, int64_t *x, size_t n, size_t weight);

/** n words uniform in [0, q), exactly; what is drawn again is public. */
void ckks_sample_uniform(prg *p, uint64_t *x, size_t n, uint64_t q);

/** n integers, near normal of standard deviation sigma <= 2^55, for drowning what lies below them:
 * sums of 24 uniform words, so never beyond 8.5 sigma. Constant time. */
void ckks_sample_wide(prg *p, int64_t *x, size_t n, double sigma);

#endif
