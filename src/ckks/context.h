/** What parties share: ring, primes, scales, constants of key switching. Public, read-only after
 * `new`, never changed by use.
 *
 * Prime numbers of the ring: first the special ones, then q_0 .. q_(L-1); so what a key switching
 * at some level works over is one range of them. A level is told by its number of limbs, 1 .. L.
 * docs/design/ckks-parameters.md, ckks-switch.md.
 */
#ifndef TACIT_CKKS_CONTEXT_H
#define TACIT_CKKS_CONTEXT_H

#include "base/hash.h"
#include "ckks/automorphism.h"
#include "ckks/convert.h"
#include "ckks/embed.h"
#include "ckks/params.h"
#include "ckks/ring.h"

/** Plaintexts whose slots repeat live in the ring of 2^log_n' coefficients where this is at most
 * log_n - CKKS_SUBRING_SHIFT: their values then come in runs, or fill blocks of 64 places by twos.
 */
enum { CKKS_SUBRING_SHIFT = 5, CKKS_SUBRING_MIN = 3 };

/** A digit, limbs first .. behind - 1, and its conversions to all other primes of the level. */
typedef struct {
    size_t first, behind;
    const ckks_convert *before; /* to the special primes and the limbs before it */
    const ckks_convert *after;  /* to those behind it; NULL where there are none */
} ckks_raise_to;

/** Constants of one number of limbs. */
typedef struct {
    size_t n_special; /* that a key switching here uses: as many as its widest digit wants */
    size_t n_digits;
    double scale;              /* Eq. (4): the square of it, rescaled, is that of the level below */
    ckks_convert *rescale;     /* the last limb to the others; NULL at one limb */
    ckks_convert *down;        /* the special primes to all limbs */
    ckks_convert *both;        /* the special primes and the last limb to the others */
    const ckks_raise_to *up;   /* each digit */
    uint64_t *rescale_factor;  /* 1 / q_last, for each limb left */
    uint64_t *down_factor;     /* 1 / P' */
    uint64_t *both_factor;     /* 1 / (P' q_last) */
    uint64_t *special_product; /* P', for each limb */
    uint64_t *unused_inverse;  /* 1 / (P / P'), for each limb; NULL where P' = P */
} ckks_level;

typedef struct {
    ckks_params params;
    const ckks_kernels *kernels;
    ckks_ring *ring;
    ckks_ring *subring[CKKS_MAX_LOG_N + 1]; /* by log_n', where one is used */
    ckks_embedding *embedding;
    size_t n, n_digits;
    ckks_level level[CKKS_MAX_LIMBS + 1]; /* by number of limbs; [0] is not used */
    ckks_convert **converts;              /* all that levels refer to */
    size_t n_converts;
    ckks_raise_to *ups;
    uint64_t *factors;
    uint8_t hash[HASH_BYTES]; /* of all that must agree between parties */
} ckks_context;

/** ERR_POLICY where the product of all primes passes the table of security.h, unless
 * params.insecure. Memory: some 32 N bytes a prime. */
status ckks_context_new(ckks_context **out, const ckks_params *params, const ckks_kernels *kernels,
                        error *err) MUST_USE;
void ckks_context_free(ckks_context *c);

/** q_0 .. q_(n_limbs - 1). */
ckks_basis ckks_limbs_basis(const ckks_context *c, size_t n_limbs);

/** The special primes that a key switching at this level uses, then its limbs. */
ckks_basis ckks_switch_basis(const ckks_context *c, size_t n_limbs);

/** All primes below some number of limbs. */
ckks_basis ckks_key_basis(const ckks_context *c, size_t n_limbs);

/** Prime number i of q_0 ... */
static inline uint64_t ckks_limb_prime(const ckks_context *c, size_t i)
{
    return c->ring->limb[c->params.n_special + i].m.q;
}

/** Whether plaintexts of this many slots live in a ring of their own. */
static inline bool ckks_has_subring(const ckks_context *c, unsigned log_slots)
{
    return c->subring[log_slots + 1] != NULL;
}

/** The power of X that turns slots by `by` places to the left: 5^by mod 2N. */
size_t ckks_rotation_element(const ckks_context *c, int64_t by);

/** That of conjugation: 2N - 1. */
size_t ckks_conjugation_element(const ckks_context *c);

#endif
