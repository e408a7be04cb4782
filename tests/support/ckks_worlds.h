/* Rings for tests, random polynomials over them, and products by the book. */
#ifndef TACIT_TESTS_CKKS_WORLDS_H
#define TACIT_TESTS_CKKS_WORLDS_H

#include "ckks/kernels.h"

/* A ring of n_primes primes near 2^bits on table number `table`; NULL behind the last table. */
ckks_ring *ckks_world(size_t table, unsigned log_n, size_t n_primes, unsigned bits);

/* xorshift; *state is not 0. */
uint64_t ckks_random(uint64_t *state);

/* Canonical: uniform for seed > 0, all q - 1 for seed 0. mem_free it. */
uint64_t *ckks_random_poly(const ckks_ring *r, const ckks_basis *b, uint64_t seed);

/* Room for a polynomial over b. mem_free it. */
uint64_t *ckks_empty_poly(const ckks_ring *r, const ckks_basis *b);

/* z = x y mod X^n + 1, q. */
void ckks_schoolbook(uint64_t *z, const uint64_t *x, const uint64_t *y, size_t n, uint64_t q);

/* The first place where a and b differ fails the test. */
void ckks_assert_same(const ckks_ring *r, const char *what, const uint64_t *a, const uint64_t *b,
                      size_t n);

#endif
