/** Matrices times slots, by diagonals: docs/design/ckks-linear.md.
 *
 * With n = 2^log_slots slots, a matrix A is the sum over k of diag_k * (x turned by k), where
 * diag_k[i] = A[i][(i + k) mod n]. Baby steps share one raising of x and stay above the special
 * primes, as do the sums of their products; giant steps are Horner's scheme, each of which turns
 * what has been summed so far. Slots that repeat (log_slots below that of the ring) turn within
 * their period.
 */
#ifndef TACIT_CKKS_LINEAR_H
#define TACIT_CKKS_LINEAR_H

#include "ckks/evaluate.h"

typedef struct {
    int64_t k;             /* 0 .. n - 1; each once */
    const double *re, *im; /* n slots; im NULL where real */
} ckks_diagonal;

/** Diagonals that share a giant step. */
enum { CKKS_MATRIX_MAX_TERMS = 256 };

/** How it is computed; zeros mean what costs least for rising k. */
typedef struct {
    int64_t baby;        /* b: baby steps are first .. first + b - 1 */
    int64_t first;       /* may be negative: k counts from here, modulo n */
    double scale;        /* of the diagonals; 0: such that the result has its level's scale */
    unsigned log_period; /* diagonals repeat after so many slots; 0: they do not */
} ckks_matrix_shape;

/** Diagonals encoded for one number of limbs: read-only after `new`. */
typedef struct {
    const ckks_context *ctx;
    unsigned log_slots;
    size_t n_limbs, n;
    ckks_matrix_shape shape;
    int64_t *k;        /* n, each less `first`, rising */
    ckks_plain *plain; /* diagonal k turned back by its giant step, over the switch basis */
} ckks_matrix;

/** baby 0 picks the b that costs least. Memory: 8 (n_special + n_limbs) 2^log_n bytes a diagonal,
 * log_n of the ring that its plaintexts live in (encode.h). ERR_USAGE, ERR_PRECISION, ERR_RESOURCE.
 */
status ckks_matrix_new(ckks *c, ckks_matrix *out, const ckks_diagonal *d, size_t n,
                       unsigned log_slots, size_t n_limbs, int64_t baby) MUST_USE;
/** Diagonals in any order. */
status ckks_matrix_new_shaped(ckks *c, ckks_matrix *out, const ckks_diagonal *d, size_t n,
                              unsigned log_slots, size_t n_limbs,
                              const ckks_matrix_shape *shape) MUST_USE;
void ckks_matrix_clear(ckks_matrix *m);

/** The steps for which it wants rotation keys: at most 2 n of them to steps; returns how many. */
size_t ckks_matrix_steps(const ckks_matrix *m, int64_t *steps);

/** The keys for them, behind the n at out (NULL: they are only counted, up to two a diagonal);
 * returns how many there are then. */
size_t ckks_matrix_wishes(const ckks_matrix *m, ckks_key_wish *out, size_t n);

/** The most diagonals of one giant step. */
size_t ckks_matrix_terms(const ckks_matrix *m);

/** z = A x, rescaled: m->n_limbs - 1 limbs. x has m->n_limbs limbs or more and two parts.
 * Cost: one raising, a product with a key for each baby step, a switching for each giant step, and
 * two divisions at the end. Noise: ckks-noise.md Eq. (9).
 * Scratch: 16 N (n_special + n_limbs) bytes for each baby step, and three more. */
status ckks_matrix_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_matrix *m,
                         const ckks_keys *keys) MUST_USE;

#endif
