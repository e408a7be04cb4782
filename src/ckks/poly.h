/** Polynomials over a basis, element by element: sums, products in NTT form, scalars.
 *
 * Every operand is over the same basis b and canonical (ring.h) unless said otherwise; outputs are.
 * All of them may work in place: z may be x or y. A scalar is one canonical residue for each limb
 * over b.
 *
 * Source: docs/design/ckks-ring.md Eq. (1), (9).
 */
#ifndef TACIT_CKKS_POLY_H
#define TACIT_CKKS_POLY_H

#include "ckks/ring.h"

void ckks_poly_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y);
void ckks_poly_sub(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y);
void ckks_poly_neg(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                   const uint64_t *x);

/** z = x∘y, by elements. */
void ckks_poly_mul(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z, const uint64_t *x,
                   const uint64_t *y);

/** z += x∘y. */
void ckks_poly_mul_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                       const uint64_t *x, const uint64_t *y);

/** z = x + c in every place (in NTT form: plus the constant polynomial c). */
void ckks_poly_add_scalar(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const uint64_t *x, const uint64_t *c);

/** z = c x. */
void ckks_poly_mul_scalar(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const uint64_t *x, const uint64_t *c);

/** z += c x. */
void ckks_poly_mul_scalar_add(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                              const uint64_t *x, const uint64_t *c);

/** z = c (x - y): the end of dividing by a product of primes. */
void ckks_poly_sub_scale(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                         const uint64_t *x, const uint64_t *y, const uint64_t *c);

/** Sums of products, reduced once at the end: z[o] = Σ_t x[t]∘y[o][t], t < n_terms, for up to two
 * outputs at once (key switching: both halves of a key take the same digits).
 *
 * x[t] and z[o] are over b, y[o][t] over y_basis, which has all primes of b and maybe more, in any
 * order (a key at a level below its own). z[o] is none of the inputs. Any n_terms. */
typedef struct {
    size_t n_terms, n_outputs; /* n_outputs 1 or 2 */
    const uint64_t *const *x;
    const uint64_t *const *y[2];
    const ckks_basis *y_basis;
    uint64_t *z[2];
} ckks_dot;

void ckks_poly_dot(const ckks_ring *r, pool *p, const ckks_basis *b, const ckks_dot *d);

/** Residues of N signed words, |x| < 2^63: one small polynomial over all of b. z is not x. */
void ckks_poly_from_words(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                          const int64_t *x);

/** Whether all residues are below their primes: for what comes from files. Varies its time. */
bool ckks_poly_is_canonical(const ckks_ring *r, const ckks_basis *b, const uint64_t *x);

#endif
