/** Between slots and coefficients under encryption: the embedding's stages (ckks-encoding.md Eq.
 * (3)) in a few matrices of few diagonals. docs/design/ckks-bootstrapping.md Eq. (5)-(7).
 *
 * Bits stay reversed: forward matrices leave slot i as coefficient reverse(i), backward ones take
 * it from there. Forward, matrix 0 has the shortest strides; backward, it has the longest.
 */
#ifndef TACIT_CKKS_TRANSFORM_H
#define TACIT_CKKS_TRANSFORM_H

#include "ckks/linear.h"

enum { CKKS_TRANSFORM_MAX_MATRICES = 4 };

typedef struct {
    unsigned log_slots, n_matrices; /* 1 .. 4, at most log_slots */
    bool backward;
    size_t n_limbs; /* where matrix 0 works; each takes one */
    double gain;    /* result's scale over the input's */
} ckks_transform_shape;

typedef struct {
    unsigned n_matrices;
    ckks_matrix matrix[CKKS_TRANSFORM_MAX_MATRICES];
} ckks_transform;

/** Memory: as matrices; those of short strides live in small rings. */
status ckks_transform_new(ckks *c, ckks_transform *out, const ckks_transform_shape *shape) MUST_USE;
void ckks_transform_clear(ckks_transform *t);

/** z = x transformed: n_limbs - n_matrices limbs, the scale x->scale gain. z is not x. */
status ckks_transform_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_transform *t,
                            const ckks_keys *keys) MUST_USE;

/** The keys that it wants, behind the n that are there; out has room for them (NULL: only counted).
 * Returns how many there are then. */
size_t ckks_transform_wishes(const ckks_transform *t, ckks_key_wish *out, size_t n);

#endif
