/** Residues as reals, where there is no product of 52-bit words but one that is rounded once.
 *
 * With h = x w rounded, x w - h is exact, and so is h - r q for the integer r next to x w / q:
 * their sum is x w mod q, in (-5q/8, 5q/8) for |x| < 2^51 (docs/design/ckks-ring.md Eq. (14)).
 * Nothing is ever inexact, so that results are those of integer arithmetic. */
#ifndef TACIT_CKKS_ARITH_FMA_H
#define TACIT_CKKS_ARITH_FMA_H

/** The sum of this and a real below 2^51 is an integer: that rounds. */
#define ROUNDER 0x1.8p52
/** The bits of 2^52, whose low 52 are those of the integer added to it. */
#define WORD_AS_REAL UINT64_C(0x4330000000000000)

/** An integer below 2^52 to a real, and back. */
ALWAYS_INLINE reals reals_of_words(words x)
{
    return reals_sub(reals_of_bits(words_xor(x, words_all(WORD_AS_REAL))), reals_all(0x1p52));
}
ALWAYS_INLINE words words_of_reals(reals x)
{
    return words_xor(reals_bits(reals_add(x, reals_all(0x1p52))), words_all(WORD_AS_REAL));
}

ALWAYS_INLINE reals reals_load(const uint64_t *x)
{
    return reals_of_bits(words_load(x));
}
ALWAYS_INLINE void reals_store(uint64_t *z, reals x)
{
    words_store(z, reals_bits(x));
}

typedef struct {
    reals q, reciprocal;
} real_field;

/** A contract for all eight, in verify builds: |x| < times q. */
ALWAYS_INLINE void real_verify_within(reals x, double times, const real_field *k)
{
#ifdef TACIT_VERIFY
    double at[8], q[8];
    words_store((uint64_t *)at, reals_bits(x));
    words_store((uint64_t *)q, reals_bits(k->q));
    for (int i = 0; i < 8; i++) {
        CHECK(at[i] > -times * q[i] && at[i] < times * q[i]);
    }
#endif
    (void)x, (void)times, (void)k;
}

ALWAYS_INLINE real_field real_field_of(const ckks_modulus *m)
{
    return (real_field){reals_all((double)m->q), reals_all(m->reciprocal)};
}

/** x w mod q, ratio = w / q. */
ALWAYS_INLINE reals real_product(reals x, reals w, reals ratio, reals q)
{
    const reals rounder = reals_all(ROUNDER);
    const reals high = reals_mul(x, w), low = reals_mul_sub(x, w, high);
    const reals r = reals_sub(reals_mul_add(x, ratio, rounder), rounder);
    return reals_add(reals_sub_mul(r, q, high), low);
}

/** x y mod q, x y / q below 2^50: in (-3q/4, 3q/4). */
ALWAYS_INLINE reals real_pair_product(reals x, reals y, const real_field *k)
{
    const reals rounder = reals_all(ROUNDER);
    const reals high = reals_mul(x, y), low = reals_mul_sub(x, y, high);
    const reals r = reals_sub(reals_mul_add(high, k->reciprocal, rounder), rounder);
    return reals_add(reals_sub_mul(r, k->q, high), low);
}

/** To within q/2 and a little, |x| < 2^52. */
ALWAYS_INLINE reals real_reduce(reals x, const real_field *k)
{
    const reals rounder = reals_all(ROUNDER);
    const reals r = reals_sub(reals_mul_add(x, k->reciprocal, rounder), rounder);
    return reals_sub_mul(r, k->q, x);
}

/** x in (-q, q) to a residue. */
ALWAYS_INLINE words real_residue(reals x, const real_field *k)
{
    return words_of_reals(reals_lift(x, k->q));
}

#endif
