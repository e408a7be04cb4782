/* A block of a look-up with everything in registers, for processors with VBMI: eight elements at a
 * time go through all terms. The same operations in the same order as kernels_body.h, hence the
 * same words. */
#include "mpc/kernels_tables.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "ring/pack.h"

enum { LANES = 8, MOST_BITS = 57, MOST_TERMS = 64 };

/* How eight words of a term lie in their bytes. */
typedef struct {
    __m512i from, shift, mask;
    __mmask64 there;
    size_t stride; /* bytes of eight words */
    const uint8_t *cos, *sin;
    __m512d a, b; /* coefficients, scaled */
    unsigned up;
} term;

static void find_term(term *f, const lookup *t, size_t k, const uint8_t *at, size_t each)
{
    const unsigned bits = lookup_word_bits(t, k);
    const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i bit = _mm512_mullo_epi64(lane, _mm512_set1_epi64(bits));
    const __m512i byte =
        _mm512_mullo_epi64(_mm512_srli_epi64(bit, 3), _mm512_set1_epi64(0x0101010101010101));
    const double scale = (double)(UINT64_C(1) << t->coef_frac[k]);
    f->from = _mm512_add_epi8(byte, _mm512_set1_epi64(0x0706050403020100));
    f->shift = _mm512_and_si512(bit, _mm512_set1_epi64(7));
    f->mask = _mm512_set1_epi64((long long)ring_mask(bits));
    f->there = UINT64_MAX >> (64 - bits);
    f->stride = bits;
    f->cos = at;
    f->sin = at + each;
    f->a = _mm512_set1_pd(t->a[k] * scale);
    f->b = _mm512_set1_pd(t->b[k] * scale);
    f->up = lookup_shift(t, k);
}

static inline __m512i unpack(const term *f, const uint8_t *at)
{
    const __m512i bytes = _mm512_maskz_loadu_epi8(f->there, at);
    const __m512i words = _mm512_srlv_epi64(_mm512_permutexvar_epi8(f->from, bytes), f->shift);
    return _mm512_and_si512(words, f->mask);
}

static inline __m512i nearest(__m512d x)
{
    const __m512d magic = _mm512_set1_pd(6755399441055744.0);
    return _mm512_sub_epi64(_mm512_castpd_si512(_mm512_add_pd(x, magic)),
                            _mm512_castpd_si512(magic));
}

static inline void step(__m512d *c, __m512d *s, __m512d by_c, __m512d by_s)
{
    const __m512d x = _mm512_sub_pd(_mm512_mul_pd(*c, by_c), _mm512_mul_pd(*s, by_s));
    *s = _mm512_add_pd(_mm512_mul_pd(*s, by_c), _mm512_mul_pd(*c, by_s));
    *c = x;
}

static inline __m512i add_term(__m512i y, const term *f, size_t group, __m512d c, __m512d s,
                               __m512d gain, bool has_gain)
{
    __m512d p = _mm512_add_pd(_mm512_mul_pd(f->a, c), _mm512_mul_pd(f->b, s));
    __m512d q = _mm512_sub_pd(_mm512_mul_pd(f->a, s), _mm512_mul_pd(f->b, c));
    if (has_gain) {
        p = _mm512_mul_pd(p, gain);
        q = _mm512_mul_pd(q, gain);
    }
    const __m512i wc = unpack(f, f->cos + group * f->stride);
    const __m512i ws = unpack(f, f->sin + group * f->stride);
    const __m512i sum =
        _mm512_add_epi64(_mm512_mullo_epi64(nearest(p), wc), _mm512_mullo_epi64(nearest(q), ws));
    return _mm512_add_epi64(y, _mm512_slli_epi64(sum, f->up));
}

bool mpc_lookup_block_ifma(uint64_t *y, const uint64_t *angles, const uint8_t *words, size_t n,
                           const lookup *t, const double *gain)
{
    term terms[MOST_TERMS];
    double c1[LOOKUP_BLOCK], s1[LOOKUP_BLOCK];
    if (n % LANES != 0 || t->terms > MOST_TERMS) {
        return false;
    }
    for (size_t k = 0; k < t->terms; k++) {
        if (lookup_word_bits(t, k) > MOST_BITS) {
            return false;
        }
        const size_t each = ring_packed_bytes(n, lookup_word_bits(t, k));
        find_term(&terms[k], t, k, words, each);
        words += 2 * each;
    }
    mpc_kernels_avx512()->turn(c1, s1, angles, n, t->period_bits);
    for (size_t i = 0; i < n; i += LANES) {
        __m512d c = _mm512_loadu_pd(c1 + i), s = _mm512_loadu_pd(s1 + i), by_c = c, by_s = s;
        const __m512d first_c = c, first_s = s;
        for (unsigned e = 1; e < t->every; e++) {
            step(&by_c, &by_s, first_c, first_s);
        }
        const __m512d g = gain ? _mm512_loadu_pd(gain + i) : _mm512_setzero_pd();
        __m512i sum = _mm512_setzero_si512();
        for (size_t k = 0; k < t->terms; k++) {
            if (k > 0) {
                step(&c, &s, by_c, by_s);
            }
            sum = add_term(sum, &terms[k], i / LANES, c, s, g, gain != NULL);
        }
        const __m512i m = _mm512_set1_epi64((long long)ring_mask(t->bits));
        _mm512_storeu_si512(y + i, _mm512_and_si512(sum, m));
    }
    return true;
}
#endif
