/** Eight residues at a time with VPMADD52. Only files compiled for IFMA include it.
 *
 * A product by a constant w is Montgomery's with R = 2^52: w is kept as w R mod q and beside it
 * times q^-1 mod R, so that both high halves suffice (docs/design/ckks-ring.md Eq. (6)). */
#ifndef TACIT_CKKS_VEC_IFMA_H
#define TACIT_CKKS_VEC_IFMA_H

#include <immintrin.h>

#include "base/unroll.h"
#include "ckks/kernels.h"

typedef __m512i vec;
enum { LANES = 8 };

ALWAYS_INLINE vec vec_all(uint64_t x)
{
    return _mm512_set1_epi64((long long)x);
}

ALWAYS_INLINE vec vec_load(const uint64_t *x)
{
    return _mm512_loadu_si512(x);
}

ALWAYS_INLINE void vec_store(uint64_t *z, vec x)
{
    _mm512_storeu_si512(z, x);
}

ALWAYS_INLINE vec vec_add(vec x, vec y)
{
    return _mm512_add_epi64(x, y);
}

ALWAYS_INLINE vec vec_sub(vec x, vec y)
{
    return _mm512_sub_epi64(x, y);
}

/** The low 52 bits. */
ALWAYS_INLINE vec vec_word(vec x)
{
    return _mm512_and_si512(x, vec_all((UINT64_C(1) << CKKS_WORD_BITS) - 1));
}

/** x < 2 bound to below bound, or x in (-bound, bound) with `bound` added where it is negative. */
ALWAYS_INLINE vec vec_once(vec x, vec bound)
{
    return _mm512_min_epu64(x, _mm512_sub_epi64(x, bound));
}

ALWAYS_INLINE vec vec_lift(vec x, vec bound)
{
    return _mm512_min_epu64(x, _mm512_add_epi64(x, bound));
}

/** A contract for all eight, in verify builds. */
ALWAYS_INLINE void vec_verify_below(vec x, vec bound)
{
    VERIFY(_mm512_cmpge_epu64_mask(x, bound) == 0);
    (void)x, (void)bound;
}

/** A constant factor: w R mod q, and that times q^-1 mod R. */
typedef struct {
    vec w, low;
} vec_factor;

ALWAYS_INLINE vec_factor vec_factor_of(vec w, vec inverse)
{
    return (vec_factor){w, _mm512_madd52lo_epu64(_mm512_setzero_si512(), w, inverse)};
}

/** For a residue w. */
ALWAYS_INLINE vec_factor vec_factor_for(const ckks_modulus *m, uint64_t w)
{
    return vec_factor_of(vec_all(ckks_mod_mul(m, w, m->r52)), vec_all(m->inverse52));
}

/** A zero of its own for an accumulator: made by an instruction that costs no port, where a copy of
 * another zero may. x only keeps the compiler from making one zero of several. */
ALWAYS_INLINE vec vec_zero(vec x)
{
    vec zero;
    __asm__("vpxor %x0, %x0, %x0" : "=x"(zero) : "v"(x));
    return zero;
}

/** x f in (-q, q), for any x < 2^52. */
ALWAYS_INLINE vec vec_signed_product(vec x, vec_factor f, vec q)
{
    const vec low = _mm512_madd52lo_epu64(vec_zero(x), f.low, x);
    return _mm512_sub_epi64(_mm512_madd52hi_epu64(vec_zero(x), f.w, x),
                            _mm512_madd52hi_epu64(vec_zero(low), low, q));
}

/** x f + q, or q - x f, in (0, 2q). */
ALWAYS_INLINE vec vec_product(vec x, vec_factor f, vec q)
{
    const vec low = _mm512_madd52lo_epu64(vec_zero(x), f.low, x);
    return _mm512_sub_epi64(_mm512_madd52hi_epu64(q, f.w, x),
                            _mm512_madd52hi_epu64(vec_zero(low), low, q));
}

ALWAYS_INLINE vec vec_minus_product(vec x, vec_factor f, vec q)
{
    const vec low = _mm512_madd52lo_epu64(vec_zero(x), f.low, x);
    return _mm512_sub_epi64(_mm512_madd52hi_epu64(q, low, q),
                            _mm512_madd52hi_epu64(vec_zero(x), f.w, x));
}

/** u + x f, x f in (-q, q). */
ALWAYS_INLINE vec vec_add_product(vec u, vec x, vec_factor f, vec q)
{
    const vec low = _mm512_madd52lo_epu64(vec_zero(x), f.low, x);
    vec y = _mm512_sub_epi64(_mm512_madd52hi_epu64(u, f.w, x),
                             _mm512_madd52hi_epu64(vec_zero(low), low, q));
    __asm__("" : "+v"(y)); /* or gcc takes the difference apart again where it is used twice */
    return y;
}

/** Columns to rows. */
ALWAYS_INLINE void vec_transpose(vec v[8])
{
    vec t[8], u[8];
    UNROLLED
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]);
    }
    UNROLLED
    for (int i = 0; i < 2; i++) { /* t[i], t[i + 2]: even 128-bit lanes, then odd ones */
        u[i] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0x88);
        u[i + 2] = _mm512_shuffle_i64x2(t[i], t[i + 2], 0xdd);
        u[i + 4] = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0x88);
        u[i + 6] = _mm512_shuffle_i64x2(t[i + 4], t[i + 6], 0xdd);
    }
    UNROLLED
    for (int i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0x88);
        v[i + 4] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0xdd);
    }
}

#endif
