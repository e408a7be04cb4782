#include "ckks/encode.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"

/* Coefficients that fit in a word, with room for rounding. */
static const double max_coefficient = 4611686018427387904.0;

/* x times scale, rounded, at every `gap`-th place. Returns whether all of them fit. */
static bool round_to(int64_t *z, const double *x, size_t n, size_t gap, double scale)
{
    unsigned bad = 0;
    for (size_t i = 0; i < n; i++) {
        const double y = x[i] * scale;
        const unsigned fits = fabs(y) < max_coefficient; /* false for NaN */
        bad |= !fits;
        z[i * gap] = (int64_t)llrint(y);
    }
    return bad == 0;
}

/* Eq. (4): the coefficients of a polynomial of 2^log_n. */
static status embed(ckks *c, int64_t *z, const double *re, const double *im, unsigned log_n,
                    const ckks_encoding *how)
{
    const size_t slots = (size_t)1 << how->log_slots;
    double *x = arena_take(c->hidden, 2 * slots, sizeof *x);
    if (!x) {
        return error_memory(c->err);
    }
    memcpy(x, re, slots * sizeof *x);
    if (im) {
        memcpy(x + slots, im, slots * sizeof *x);
    } else {
        memset(x + slots, 0, slots * sizeof *x);
    }
    ckks_embed(c->ctx->embedding, x, x + slots, how->log_slots);
    const size_t gap = (size_t)1 << (log_n - how->log_slots - 1);
    memset(z, 0, ((size_t)1 << log_n) * sizeof *z);
    if (!ckks_reveal(round_to(z, x, 2 * slots, gap, how->scale))) {
        return error_set(c->err, ERR_PRECISION,
                         "ckks: slots too large for a scale of 2^%.1f: coefficients pass 2^62",
                         log2(how->scale));
    }
    return OK;
}

/* Room for it, over the primes that it is asked for. */
static status plain_new(ckks *c, ckks_plain *out, const ckks_encoding *how)
{
    const ckks_context *x = c->ctx;
    CHECK(how->log_slots < x->params.log_n && how->n_limbs >= 1);
    CHECK(how->n_limbs <= x->params.n_limbs);
    const unsigned log_n =
        ckks_has_subring(x, how->log_slots) ? how->log_slots + 1 : x->params.log_n;
    *out = (ckks_plain){.ctx = x,
                        .log_slots = how->log_slots,
                        .log_n = log_n,
                        .n_limbs = how->n_limbs,
                        .n_special = how->raised ? x->level[how->n_limbs].n_special : 0,
                        .scale = how->scale};
    out->words = mem_new((out->n_special + out->n_limbs) << log_n, sizeof *out->words);
    return out->words ? OK : error_memory(c->err);
}

static const ckks_ring *ring_of(const ckks_plain *x)
{
    return x->log_n == x->ctx->params.log_n ? x->ctx->ring : x->ctx->subring[x->log_n];
}

static ckks_basis basis_of(const ckks_plain *x)
{
    return ckks_basis_range(x->ctx->params.n_special - x->n_special, x->n_special + x->n_limbs);
}

status ckks_encode(ckks *c, ckks_plain *out, const double *re, const double *im,
                   const ckks_encoding *how)
{
    *out = (ckks_plain){0};
    if (!(how->scale >= 1 && how->scale < max_coefficient)) {
        return error_set(c->err, ERR_USAGE, "ckks: a scale is 1 to 2^62");
    }
    TRY(plain_new(c, out, how));
    const arena_mark_t mark = arena_mark(c->hidden);
    int64_t *z = arena_take(c->hidden, (size_t)1 << out->log_n, sizeof *z);
    status st = z ? embed(c, z, re, im, out->log_n, how) : error_memory(c->err);
    if (st == OK) {
        const ckks_basis b = basis_of(out);
        ckks_poly_from_words(ring_of(out), c->pool, &b, out->words, z);
        ckks_ntt_forward(ring_of(out), c->pool, &b, out->words);
    } else {
        ckks_plain_clear(out);
    }
    arena_release(c->hidden, mark);
    return st;
}

/* Eq. (6): one limb, centred. */
static void lift_one(double *z, const uint64_t *x, size_t n, size_t gap, uint64_t q)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t v = (int64_t)x[i * gap];
        const int64_t over = (int64_t)(q / 2) - v; /* negative: above the middle */
        z[i] = (double)(v - ((int64_t)q & (over >> 63)));
    }
}

/* Eq. (6): two limbs by Garner's formula; the integer of 128 bits goes to floating point in two
 * exact pieces, for the compiler's own conversion branches. */
static void lift_two(double *z, const uint64_t *x, const uint64_t *y, size_t n, size_t gap,
                     const ckks_modulus *m0, const ckks_modulus *m1)
{
    const uint64_t inverse = ckks_mod_inverse(m1, ckks_mod_word(m1, m0->q));
    const __int128 product = (__int128)m0->q * (__int128)m1->q;
    for (size_t i = 0; i < n; i++) {
        const uint64_t apart = ckks_mod_sub(m1, y[i * gap], ckks_mod_word(m1, x[i * gap]));
        const uint64_t t = ckks_mod_mul(m1, apart, inverse);
        __int128 v = (__int128)t * (__int128)m0->q + (__int128)x[i * gap];
        const __int128 over = product / 2 - v;
        v -= product & (over >> 127);
        z[i] = (double)(int64_t)(v >> 48) * 281474976710656.0 +
               (double)(int64_t)((uint64_t)v & 0xffffffffffff);
    }
}

static void lift(double *z, const ckks_plain *x, const uint64_t *coefficients, size_t slots)
{
    const size_t n = (size_t)1 << x->log_n, gap = n / (2 * slots);
    const ckks_limb *limb = x->ctx->ring->limb + x->ctx->params.n_special;
    if (x->n_limbs > 1) {
        lift_two(z, coefficients, coefficients + n, 2 * slots, gap, &limb[0].m, &limb[1].m);
    } else {
        lift_one(z, coefficients, 2 * slots, gap, limb[0].m.q);
    }
}

status ckks_decode(ckks *c, double *re, double *im, const ckks_plain *x)
{
    const size_t slots = (size_t)1 << x->log_slots, n = (size_t)1 << x->log_n;
    const size_t limbs = x->n_limbs < 2 ? 1 : 2;
    const ckks_context *ctx = c->ctx;
    CHECK(x->n_special == 0);
    const double room =
        (double)ckks_limb_prime(ctx, 0) / 2 * (limbs > 1 ? (double)ckks_limb_prime(ctx, 1) : 1);
    if (!(x->scale >= 1 && x->scale < room)) {
        return error_set(c->err, ERR_PRECISION,
                         "ckks: a scale of 2^%.1f leaves no room modulo %zu primes", log2(x->scale),
                         limbs);
    }
    const arena_mark_t mark = arena_mark(c->hidden);
    uint64_t *z = arena_take(c->hidden, limbs * n, sizeof *z);
    double *v = arena_take(c->hidden, 2 * slots, sizeof *v);
    status st = OK;
    if (z && v) {
        const ckks_basis b = ckks_limbs_basis(ctx, limbs);
        memcpy(z, x->words, limbs * n * sizeof *z);
        ckks_ntt_inverse(ring_of(x), c->pool, &b, z);
        lift(v, x, z, slots);
        for (size_t i = 0; i < 2 * slots; i++) {
            v[i] /= x->scale;
        }
        ckks_unembed(ctx->embedding, v, v + slots, x->log_slots);
        memcpy(re, v, slots * sizeof *re);
        if (im) {
            memcpy(im, v + slots, slots * sizeof *im);
        }
    } else {
        st = error_memory(c->err);
    }
    arena_release(c->hidden, mark);
    return st;
}
