/** Arithmetic modulo one prime below 2^50, and where such primes come from.
 *
 * A residue is a uint64_t below q. The bound leaves two bits in the 52 that VPMADD52 multiplies,
 * for sums that are not yet reduced. Nothing here branches on a residue or uses one as an address.
 *
 * Source: docs/design/ckks-ring.md Eq. (1)-(3).
 */
#ifndef TACIT_CKKS_MODULUS_H
#define TACIT_CKKS_MODULUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    CKKS_PRIME_BITS = 50, /* q < 2^50 */
    CKKS_WORD_BITS = 52,  /* of the words that IFMA multiplies */
    CKKS_MIN_LOG_N = 3,
    CKKS_MAX_LOG_N = 17,
};

typedef struct {
    uint64_t q;
    unsigned bits;      /* 2^(bits-1) < q < 2^bits */
    uint64_t barrett;   /* floor(2^(2 bits) / q) */
    uint64_t barrett64; /* floor(2^64 / q) */
    uint64_t barrett52; /* floor(2^52 / q) */
    uint64_t r52;       /* 2^52 mod q */
    uint64_t r52_ratio; /* floor(2^52 r52 / q) */
    uint64_t inverse52; /* q^-1 mod 2^52 */
    double reciprocal;  /* 1 / q, rounded */
} ckks_modulus;

/** Trial by strong pseudoprimes to twelve bases: right for all 64-bit words. Varies its time. */
bool ckks_is_prime(uint64_t x);

/** q an odd prime below 2^50, else ERR_USAGE. */
status ckks_modulus_init(ckks_modulus *m, uint64_t q, error *err) MUST_USE;

/** n primes q ≡ 1 mod 2^(log_n + 1), 2^(log_n + 1) < q < 2^50, none of them in taken: those nearest
 * to `near`, the nearest first (the larger of two as near). ERR_USAGE where there are fewer. */
status ckks_primes_find(uint64_t *out, size_t n, unsigned log_n, uint64_t near,
                        const uint64_t *taken, size_t n_taken, error *err) MUST_USE;

/** A primitive 2^(log_n + 1)-th root of one: c^((q-1) / 2^(log_n + 1)) of the smallest c >= 2 for
 * which it is one. q ≡ 1 mod 2^(log_n + 1). Varies its time with q. */
uint64_t ckks_primitive_root(const ckks_modulus *m, unsigned log_n);

/** x < 2q to below q. */
static inline uint64_t ckks_mod_once(uint64_t x, uint64_t q)
{
    const uint64_t less = x - q;
    return less + (q & (0 - (less >> 63)));
}

static inline uint64_t ckks_mod_add(const ckks_modulus *m, uint64_t a, uint64_t b)
{
    return ckks_mod_once(a + b, m->q);
}

static inline uint64_t ckks_mod_sub(const ckks_modulus *m, uint64_t a, uint64_t b)
{
    return ckks_mod_once(a + m->q - b, m->q);
}

static inline uint64_t ckks_mod_neg(const ckks_modulus *m, uint64_t a)
{
    return ckks_mod_once(m->q - a, m->q);
}

/** a b for a, b < q; Eq. (1). */
static inline uint64_t ckks_mod_mul(const ckks_modulus *m, uint64_t a, uint64_t b)
{
    const unsigned __int128 x = (unsigned __int128)a * b;
    const uint64_t top = (uint64_t)(x >> (m->bits - 1));
    const uint64_t ratio = (uint64_t)(((unsigned __int128)top * m->barrett) >> (m->bits + 1));
    const uint64_t rest = (uint64_t)x - ratio * m->q; /* < 3q */
    return ckks_mod_once(ckks_mod_once(rest, 2 * m->q), m->q);
}

/** Any word. */
static inline uint64_t ckks_mod_word(const ckks_modulus *m, uint64_t x)
{
    const uint64_t ratio = (uint64_t)(((unsigned __int128)x * m->barrett64) >> 64);
    return ckks_mod_once(x - ratio * m->q, m->q);
}

/** Any 128 bits; Eq. (3). */
uint64_t ckks_mod_wide(const ckks_modulus *m, unsigned __int128 x);

/** floor(2^64 w / q), w < q: what ckks_mod_mul_by wants beside w. */
uint64_t ckks_mod_ratio(const ckks_modulus *m, uint64_t w);

/** x w mod q below 2q, for any word x; Eq. (2). */
static inline uint64_t ckks_mod_mul_lazy(const ckks_modulus *m, uint64_t x, uint64_t w,
                                         uint64_t ratio)
{
    return x * w - (uint64_t)(((unsigned __int128)x * ratio) >> 64) * m->q;
}

/** x w mod q, for any word x and a w that is used many times. */
static inline uint64_t ckks_mod_mul_by(const ckks_modulus *m, uint64_t x, uint64_t w,
                                       uint64_t ratio)
{
    return ckks_mod_once(ckks_mod_mul_lazy(m, x, w, ratio), m->q);
}

/** a^e; the time depends on e. */
uint64_t ckks_mod_pow(const ckks_modulus *m, uint64_t a, uint64_t e);

/** 1 / a, 0 for 0. */
uint64_t ckks_mod_inverse(const ckks_modulus *m, uint64_t a);

#endif
