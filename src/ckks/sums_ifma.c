#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/vec_ifma.h"

/* Sums of products below 2^100 in two words, high + low 2^-52, without reduction: docs/design/
 * ckks-ring.md Eq. (12). The high one has to stay below 2^52. */
enum { FIRST_TERMS = 15, MORE_TERMS = 7 };

typedef struct {
    vec q, inverse, ratio, minus_q;
    vec_factor r; /* 2^52 mod q */
} sum_field;

static sum_field sum_field_of(const ckks_modulus *m)
{
    return (sum_field){.q = vec_all(m->q),
                       .inverse = vec_all(m->inverse52),
                       .ratio = vec_all(m->barrett52),
                       .minus_q = vec_all((UINT64_C(1) << CKKS_WORD_BITS) - m->q),
                       .r = vec_factor_for(m, m->r52)};
}

typedef struct {
    vec high, low;
} vec_sum;

ALWAYS_INLINE void sum_add(vec_sum *s, vec x, vec y)
{
    s->low = _mm512_madd52lo_epu64(s->low, x, y);
    s->high = _mm512_madd52hi_epu64(s->high, x, y);
}

ALWAYS_INLINE void sum_carry(vec_sum *s)
{
    s->high = _mm512_add_epi64(s->high, _mm512_srli_epi64(s->low, CKKS_WORD_BITS));
    s->low = vec_word(s->low);
    vec_verify_below(s->high, vec_all(UINT64_C(1) << CKKS_WORD_BITS));
}

/* Room for MORE_TERMS again: the high word below 2q. */
ALWAYS_INLINE void sum_settle(vec_sum *s, const sum_field *k)
{
    const vec zero = _mm512_setzero_si512();
    sum_carry(s);
    const vec ratio = _mm512_madd52hi_epu64(zero, s->high, k->ratio);
    s->high = vec_word(_mm512_madd52lo_epu64(s->high, ratio, k->minus_q));
}

/* The canonical residue: high - (low / q mod 2^52) q / 2^52, times 2^52. */
ALWAYS_INLINE vec sum_residue(vec_sum s, const sum_field *k)
{
    const vec zero = _mm512_setzero_si512();
    sum_carry(&s);
    const vec low = _mm512_madd52lo_epu64(zero, s.low, k->inverse);
    const vec rest = _mm512_sub_epi64(s.high, _mm512_madd52hi_epu64(zero, low, k->q));
    return vec_once(vec_product(vec_lift(rest, k->q), k->r, k->q), k->q);
}

/* Terms from `from` on before the next settling. */
ALWAYS_INLINE size_t terms_until(size_t from, size_t n_terms)
{
    const size_t room = from == 0 ? FIRST_TERMS : MORE_TERMS;
    return n_terms - from < room ? n_terms : from + room;
}

/* A dozen streams begin anew at every page, where the processor's own prefetching stops: a key's
 * words come from memory. Asking beyond an array's end does nothing. */
enum { WORDS_AHEAD = 96 };

ALWAYS_INLINE void vec_ahead(const uint64_t *x)
{
    _mm_prefetch((const char *)((uintptr_t)x + WORDS_AHEAD * sizeof *x), _MM_HINT_T0);
}

/* One vector of each output. */
ALWAYS_INLINE void dot_step(const ckks_dot *d, size_t x_at, size_t y_at, const sum_field *k,
                            size_t n_outputs)
{
    vec_sum s[2] = {{_mm512_setzero_si512(), _mm512_setzero_si512()},
                    {_mm512_setzero_si512(), _mm512_setzero_si512()}};
    for (size_t t = 0; t < d->n_terms;) {
        if (t > 0) {
            sum_settle(&s[0], k);
            sum_settle(&s[1], k);
        }
        for (const size_t end = terms_until(t, d->n_terms); t < end; t++) {
            const vec x = vec_load(d->x[t] + x_at);
            vec_ahead(d->x[t] + x_at);
            vec_ahead(d->y[0][t] + y_at);
            sum_add(&s[0], x, vec_load(d->y[0][t] + y_at));
            if (n_outputs == 2) {
                vec_ahead(d->y[1][t] + y_at);
                sum_add(&s[1], x, vec_load(d->y[1][t] + y_at));
            }
        }
    }
    vec_store(d->z[0] + x_at, sum_residue(s[0], k));
    if (n_outputs == 2) {
        vec_store(d->z[1] + x_at, sum_residue(s[1], k));
    }
}

static void dot(const ckks_modulus *m, const ckks_dot *d, size_t x_at, size_t y_at, size_t n)
{
    const sum_field k = sum_field_of(m);
    for (size_t i = 0; i < n; i += 8) {
        if (d->n_outputs == 2) {
            dot_step(d, x_at + i, y_at + i, &k, 2);
        } else {
            dot_step(d, x_at + i, y_at + i, &k, 1);
        }
    }
}

/* v_s of a block, in rows of CKKS_CONVERT_BLOCK, and u behind them: Eq. (10), (11). */
static void split(const ckks_convert *c, uint64_t *v, const uint64_t *x, size_t n)
{
    const vec zero = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += 8) {
        vec_store(v + c->from.n * CKKS_CONVERT_BLOCK + i, vec_all(UINT64_C(1) << 48)); /* a half */
    }
    for (size_t s = 0; s < c->from.n; s++) {
        const ckks_modulus *m = ckks_basis_modulus(c->ring, &c->from, s);
        const vec q = vec_all(m->q), share = vec_all(c->share[s]);
        const vec_factor f = vec_factor_for(m, c->hat_inverse[s]);
        const __m128i shift = _mm_cvtsi32_si128(CKKS_PRIME_BITS - (int)m->bits);
        for (size_t i = 0; i < n; i += 8) {
            const vec y = vec_once(vec_product(vec_load(x + s * c->ring->n + i), f, q), q);
            uint64_t *turns = v + c->from.n * CKKS_CONVERT_BLOCK + i;
            const vec part = _mm512_madd52hi_epu64(zero, _mm512_sll_epi64(y, shift), share);
            vec_store(v + s * CKKS_CONVERT_BLOCK + i, y);
            vec_store(turns, _mm512_add_epi64(vec_load(turns), part));
        }
    }
    for (size_t i = 0; i < n; i += 8) {
        uint64_t *turns = v + c->from.n * CKKS_CONVERT_BLOCK + i;
        vec_store(turns, _mm512_srli_epi64(vec_load(turns), 49));
    }
}

/* z = Σ v_s hat_s for `width` vectors, a constant to the compiler. */
ALWAYS_INLINE void join(uint64_t *z, const uint64_t *v, const uint64_t *hat, size_t n_terms,
                        const sum_field *k, size_t width)
{
    vec_sum sum[4];
    UNROLLED
    for (size_t j = 0; j < width; j++) {
        sum[j].high = sum[j].low = _mm512_setzero_si512();
    }
    for (size_t s = 0; s < n_terms;) {
        UNROLLED
        for (size_t j = 0; s > 0 && j < width; j++) {
            sum_settle(&sum[j], k);
        }
        for (const size_t end = terms_until(s, n_terms); s < end; s++) {
            const vec f = vec_all(hat[s]);
            UNROLLED
            for (size_t j = 0; j < width; j++) {
                sum_add(&sum[j], vec_load(v + s * CKKS_CONVERT_BLOCK + 8 * j), f);
            }
        }
    }
    UNROLLED
    for (size_t j = 0; j < width; j++) {
        vec_store(z + 8 * j, sum_residue(sum[j], k));
    }
}

static void convert(const ckks_convert *c, ckks_rounding rounding, uint64_t *z, const uint64_t *x,
                    size_t at, size_t n)
{
    uint64_t v[(CKKS_MAX_SOURCES + 1) * CKKS_CONVERT_BLOCK] __attribute__((aligned(64)));
    const size_t n_terms = c->from.n + (rounding == CKKS_CENTRED);
    split(c, v, x + at, n);
    const uint64_t *hat = c->hat;
    for (size_t t = 0; t < c->to.n; t++, hat += c->from.n + 1) {
        const sum_field k = sum_field_of(ckks_basis_modulus(c->ring, &c->to, t));
        uint64_t *out = z + t * c->ring->n + at;
        size_t i = 0;
        for (; i + 32 <= n; i += 32) {
            join(out + i, v + i, hat, n_terms, &k, 4);
        }
        for (; i < n; i += 8) {
            join(out + i, v + i, hat, n_terms, &k, 1);
        }
    }
}

const ckks_sum_kernels ckks_sums_ifma = {.dot = dot, .convert = convert};
#endif
