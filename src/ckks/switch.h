/** Hybrid key switching, in its three steps: raise the digits, sum their products with a key, go
 * down from the special primes. docs/design/ckks-switch.md.
 *
 * At n limbs it works over ckks_switch_basis(n): the special primes that the level uses, then its
 * limbs. Scratch is c->tmp's; whoever calls marks and releases it.
 */
#ifndef TACIT_CKKS_SWITCH_H
#define TACIT_CKKS_SWITCH_H

#include "ckks/keys.h"

/** Digits of one polynomial, raised: what rotations of one ciphertext share. */
typedef struct {
    size_t n_limbs, n_digits;
    const uint64_t *own;             /* the limbs that a digit holds itself */
    uint64_t *digit[CKKS_MAX_LIMBS]; /* over the switch basis, NTT form; own limbs are not there */
} ckks_raised;

/** x in NTT form over n_limbs limbs; it must stay as long as out is used.
 * Cost: n_limbs inverse and n_digits (n_special + n_limbs) - n_limbs forward transforms.
 * Scratch: 8 N (n_digits (n_special + n_limbs) + n_limbs) bytes. */
status ckks_raise(ckks *c, ckks_raised *out, const uint64_t *x, size_t n_limbs) MUST_USE;

/** z[h] = sum over digits j of x_j key_j[h], over the switch basis. */
void ckks_switch_dot(ckks *c, uint64_t *const z[2], const ckks_raised *x, const ckks_switch_key *k);

/** Limb `limb` of the switch basis alone, into two polynomials' N words each. */
void ckks_switch_dot_limb(const ckks_context *ctx, uint64_t *const z[2], const ckks_raised *x,
                          const ckks_switch_key *k, size_t limb);

/** z = round(x / P') + add over n_limbs limbs; x over the switch basis is destroyed; add may be
 * NULL, or z. Cost: n_special inverse, n_limbs forward transforms. */
status ckks_switch_down(ckks *c, uint64_t *z, uint64_t *x, const uint64_t *add,
                        size_t n_limbs) MUST_USE;

/** z = round((x / P' + add) / q_last) over n_limbs - 1 limbs, in one division. */
status ckks_switch_down_rescale(ckks *c, uint64_t *z, uint64_t *x, const uint64_t *add,
                                size_t n_limbs) MUST_USE;

/** What follows raising, as one: sums with a key, division by the special primes. */
typedef struct {
    const ckks_switch_key *key;
    const uint64_t *add[2];  /* over n_limbs limbs; NULL: nothing */
    const uint32_t *permute; /* places move by it at the end; NULL: they stay */
    bool rescale;            /* divide by the last prime too */
} ckks_finish;

/** z[h] = round(sum of x_j key_j[h] / P' + add[h]), rescaled or moved if f says so. z[h] may be
 * add[h] where nothing moves. Cost: that of its parts, less what it spares of memory traffic. */
status ckks_switch_finish(ckks *c, uint64_t *const z[2], const ckks_raised *x,
                          const ckks_finish *f) MUST_USE;

/** z = round(x / q_last) over n_limbs - 1 limbs; z may be x. */
status ckks_divide_last(ckks *c, uint64_t *z, const uint64_t *x, size_t n_limbs) MUST_USE;

#endif
