/** The rings Z_q[X] / (X^N + 1) for a list of primes q, and which of them a polynomial is over.
 *
 * A polynomial over a basis of k primes is k·N residues, canonical (below their prime), limb after
 * limb: limb j, at x + j N, is modulo prime number basis->prime[j] of the ring. It is either in
 * coefficients or in NTT form (ntt.h); whoever holds it knows which. Operations on polynomials are
 * in poly.h (by elements), ntt.h, convert.h (to other primes) and automorphism.h. They
 *   - take the pool (NULL: this thread alone) and split limbs and parts of limbs among its threads;
 *   - cannot fail, take no memory, give the same words for every kernel and every pool;
 *   - may have their output be one of their inputs where the comment says "in place", else not;
 *   - neither branch on residues nor use them as addresses.
 *
 * A ring is read-only after `new` and may be shared. This room knows no transformer.
 * Source: docs/design/ckks-ring.md.
 */
#ifndef TACIT_CKKS_RING_H
#define TACIT_CKKS_RING_H

#include "base/cpu.h"
#include "base/pool.h"
#include "ckks/modulus.h"

enum { CKKS_MAX_PRIMES = 128 };

typedef struct ckks_kernels ckks_kernels;

/** The table of kernels for a level that this processor has (cpu_pick). It lives for ever. */
const ckks_kernels *ckks_kernels_for(isa level);

/** One prime with what its NTT needs. */
typedef struct {
    unsigned log_n;
    ckks_modulus m;
    uint64_t root;                     /* ckks_primitive_root */
    const uint64_t *forward, *inverse; /* the kernels' own */
} ckks_limb;

typedef struct {
    const ckks_kernels *kernels;
    unsigned log_n;
    size_t n; /* N = 2^log_n coefficients */
    size_t n_primes;
    ckks_limb *limb; /* n_primes */
    uint64_t *tables;
} ckks_ring;

/** Distinct primes q ≡ 1 mod 2N below 2^50, 3 <= log_n <= 17; else ERR_USAGE. Memory: 6 N
 * bytes a prime with IFMA, about 32 N else. */
status ckks_ring_new(ckks_ring **out, const ckks_kernels *kernels, unsigned log_n,
                     const uint64_t *primes, size_t n_primes, error *err) MUST_USE;
void ckks_ring_free(ckks_ring *r);

/** Some primes of a ring, by number, in the order of a polynomial's limbs; none twice. */
typedef struct {
    size_t n;
    uint8_t prime[CKKS_MAX_PRIMES];
} ckks_basis;

/** Primes first … first + n - 1. */
ckks_basis ckks_basis_range(size_t first, size_t n);

/** a's primes, then b's. */
ckks_basis ckks_basis_join(const ckks_basis *a, const ckks_basis *b);

/** Which limb over b belongs to prime number `prime`; b->n where none does. */
size_t ckks_basis_find(const ckks_basis *b, size_t prime);

/** The modulus of limb j over b. */
static inline const ckks_modulus *ckks_basis_modulus(const ckks_ring *r, const ckks_basis *b,
                                                     size_t j)
{
    return &r->limb[b->prime[j]].m;
}

#endif
