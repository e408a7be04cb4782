#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/vec_ifma.h"

/* Barrett's product in 52-bit words: docs/design/ckks-ring.md Eq. (9). */
typedef struct {
    vec q, q2, minus_q, ratio;
    __m128i left, right; /* shifts of both factors that put the quotient's bits in the high half */
} pair_field;

static pair_field pair_field_of(const ckks_modulus *m)
{
    const unsigned shift = CKKS_WORD_BITS + 1 - m->bits;
    return (pair_field){.q = vec_all(m->q),
                        .q2 = vec_all(2 * m->q),
                        .minus_q = vec_all((UINT64_C(1) << CKKS_WORD_BITS) - m->q),
                        .ratio = vec_all(m->barrett << (CKKS_WORD_BITS - 1 - m->bits)),
                        .left = _mm_cvtsi32_si128((int)(shift / 2)),
                        .right = _mm_cvtsi32_si128((int)(shift - shift / 2))};
}

ALWAYS_INLINE vec pair_product(vec x, vec y, const pair_field *k)
{
    const vec zero = _mm512_setzero_si512();
    const vec top =
        _mm512_madd52hi_epu64(zero, _mm512_sll_epi64(x, k->left), _mm512_sll_epi64(y, k->right));
    const vec ratio = _mm512_madd52hi_epu64(zero, top, k->ratio);
    const vec low = _mm512_madd52lo_epu64(zero, x, y);
    const vec rest = vec_word(_mm512_madd52lo_epu64(low, ratio, k->minus_q)); /* < 3q */
    return vec_once(vec_once(rest, k->q2), k->q);
}

typedef struct {
    vec q;
    vec_factor c;
} scalar_field;

static scalar_field scalar_field_of(const ckks_modulus *m, uint64_t c)
{
    return (scalar_field){vec_all(m->q), vec_factor_for(m, c)};
}

ALWAYS_INLINE vec scalar_product(vec x, const scalar_field *k)
{
    return vec_once(vec_product(x, k->c, k->q), k->q);
}

#include "ckks/elements_body.h"

ELEMENTS(ckks_elements_ifma, ckks_permute_avx512);
#endif
