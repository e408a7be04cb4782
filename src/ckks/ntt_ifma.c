#include "ckks/kernels.h"

#if defined(__x86_64__)
#include "ckks/vec_ifma.h"

/* Values stay below 4q if q has 50 bits, and every layer reduces; else below 8q, and every other
 * layer does (docs/design/ckks-ring.md Eq. (5), (7)). */
typedef struct {
    vec q, q2, inverse;
    vec fold;  /* 2q or 4q: what a reduction takes off */
    vec bound; /* 4q or 8q */
    const uint64_t *lanes;
    bool reduce_all;
} field;

static field field_of(const ckks_modulus *m, const uint64_t *lanes)
{
    const bool all = m->bits == CKKS_PRIME_BITS;
    return (field){.q = vec_all(m->q),
                   .q2 = vec_all(2 * m->q),
                   .inverse = vec_all(m->inverse52),
                   .fold = vec_all(all ? 2 * m->q : 4 * m->q),
                   .bound = vec_all(all ? 4 * m->q : 8 * m->q),
                   .lanes = lanes,
                   .reduce_all = all};
}

enum { NEGATED = 1, LAST_WORDS = 6, LANE_WORDS = 7 * 8 };

/* w as Montgomery's product wants it, and that times 1/q mod 2^52. */
static void factor_store(const ckks_modulus *m, uint64_t *out, size_t second, uint64_t w)
{
    out[0] = ckks_mod_mul(m, w, m->r52);
    out[second] = out[0] * m->inverse52 & ((UINT64_C(1) << CKKS_WORD_BITS) - 1);
}

/* The low bits of an index are high ones of the exponent, hence w[8 b + a] = w[8 b] w[a]: for a
 * block's last layers the first factor of each will do, the others are the same in all blocks.
 * Tables of all factors would be three times as large, and they come from far away when every prime
 * has its own. */
static void fill_last(const ckks_modulus *m, uint64_t *out, const uint64_t *w, size_t at)
{
    for (size_t width = 1; width < 8; width *= 2, out += 2) {
        factor_store(m, out, 1, w[8 * at * width]);
    }
}

static void fill_lanes(const ckks_modulus *m, uint64_t *out, const uint64_t *w)
{
    for (size_t width = 1; width < 8; width *= 2) {
        for (size_t i = 0; i < width; i++) {
            for (size_t lane = 0; lane < 8; lane++) {
                *out++ = ckks_mod_mul(m, w[lane * width + i], m->r52);
            }
        }
    }
}

ALWAYS_INLINE vec_factor factor_pair(const uint64_t *pair)
{
    return (vec_factor){vec_all(pair[0]), vec_all(pair[1])};
}

ALWAYS_INLINE vec_factor factor_last(const uint64_t *last, int which, const field *k)
{
    const vec_factor first = factor_pair(last + (which > 2 ? 4 : which > 0 ? 2 : 0));
    const vec w = vec_signed_product(vec_load(k->lanes + 8 * which), first, k->q);
    return vec_factor_of(vec_lift(w, k->q), k->inverse);
}

ALWAYS_INLINE vec enter(vec x)
{
    return x;
}

/* (x, y) to (x + f y, x - f y): the sum is added up where the product is made, the difference is
 * what twice x leaves. */
ALWAYS_INLINE void turn(vec *x, vec *y, vec_factor f, const field *k, int reduce)
{
    vec_verify_below(*x, k->bound);
    vec_verify_below(*y, k->bound);
    const vec u = vec_add(reduce ? vec_once(*x, k->fold) : *x, k->q);
    const vec twice = vec_add(u, u);
    *x = vec_add_product(u, *y, f, k->q);
    *y = vec_sub(twice, *x);
}

/* The same to canonical residues. */
ALWAYS_INLINE void turn_last(vec *x, vec *y, vec_factor f, const field *k)
{
    vec_verify_below(*x, k->bound);
    vec_verify_below(*y, k->bound);
    const vec u = vec_once(vec_once(vec_once(*x, k->fold), k->q2), k->q);
    const vec t = vec_lift(vec_signed_product(*y, f, k->q), k->q);
    *x = vec_once(_mm512_add_epi64(u, t), k->q);
    *y = vec_lift(_mm512_sub_epi64(u, t), k->q);
}

/* (x, y) to (x + y, f (x - y)), in and out below 2q; y comes as its negative, and both leave as
 * theirs, where that is asked for. */
ALWAYS_INLINE void turn_back(vec *x, vec *y, vec_factor f, const field *k, bool in_neg,
                             bool out_neg)
{
    vec_verify_below(*x, vec_add(k->q2, vec_all(1)));
    vec_verify_below(*y, vec_add(k->q2, vec_all(1)));
    const vec minus_y = in_neg ? *y : vec_sub(k->q2, *y);
    const vec difference = vec_add(*x, minus_y);
    *x = vec_lift(out_neg ? vec_sub(minus_y, *x) : vec_sub(*x, minus_y), k->q2);
    *y = out_neg ? vec_minus_product(difference, f, k->q) : vec_product(difference, f, k->q);
}

/* (x, y) to (s (x + y), f (x - y)), canonical. */
ALWAYS_INLINE void turn_back_last(vec *x, vec *y, vec_factor f, vec_factor s, const field *k,
                                  bool in_neg)
{
    vec_verify_below(*x, vec_add(k->q2, vec_all(1)));
    vec_verify_below(*y, vec_add(k->q2, vec_all(1)));
    const vec minus_y = in_neg ? *y : vec_sub(k->q2, *y);
    const vec sum = vec_sub(vec_add(*x, k->q2), minus_y), difference = vec_add(*x, minus_y);
    *x = vec_lift(vec_signed_product(sum, s, k->q), k->q);
    *y = vec_lift(vec_signed_product(difference, f, k->q), k->q);
}

#include "ckks/ntt_passes.h"

const ckks_ntt_kernels ckks_ntt_ifma = {table_words, table_fill, forward, inverse};
#endif
