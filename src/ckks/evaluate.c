#include "ckks/evaluate.h"

#include <math.h>
#include <string.h>

#include "ckks/kernels.h"
#include "ckks/ntt.h"
#include "ckks/parts.h"
#include "ckks/poly.h"
#include "ckks/spread.h"
#include "ckks/switch.h"

static size_t fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

static unsigned more(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

status ckks_same_scale(ckks *c, double x, double y)
{
    if (!(fabs(x - y) <= ldexp(x, -30))) {
        return error_set(c->err, ERR_USAGE, "ckks: scales of 2^%.9f and 2^%.9f do not add up",
                         log2(x), log2(y));
    }
    return OK;
}

typedef void binary(const ckks_ring *r, pool *p, const ckks_basis *b, uint64_t *z,
                    const uint64_t *x, const uint64_t *y);

static status combine(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                      binary *op, bool negate)
{
    const size_t limbs = fewer(x->n_limbs, y->n_limbs), both = fewer(x->n_parts, y->n_parts);
    const ckks_cipher *longer = x->n_parts > y->n_parts ? x : y;
    const ckks_ring *r = c->ctx->ring;
    const ckks_basis b = ckks_limbs_basis(c->ctx, limbs);
    const size_t parts = longer->n_parts;
    TRY(ckks_same_scale(c, x->scale, y->scale));
    TRY(ckks_shape(c, z, limbs, parts, x->scale, more(x->log_slots, y->log_slots)));
    for (size_t i = 0; i < both; i++) {
        op(r, c->pool, &b, z->part[i], x->part[i], y->part[i]);
    }
    for (size_t i = both; i < parts; i++) {
        if (negate && longer == y) {
            ckks_poly_neg(r, c->pool, &b, z->part[i], y->part[i]);
        } else {
            memmove(z->part[i], longer->part[i], b.n * r->n * sizeof *z->part[i]);
        }
    }
    return OK;
}

status ckks_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y)
{
    return combine(c, z, x, y, ckks_poly_add, false);
}

status ckks_sub(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y)
{
    return combine(c, z, x, y, ckks_poly_sub, true);
}

status ckks_negate(ckks *c, ckks_cipher *z, const ckks_cipher *x)
{
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    TRY(ckks_shape(c, z, x->n_limbs, x->n_parts, x->scale, x->log_slots));
    for (size_t i = 0; i < x->n_parts; i++) {
        ckks_poly_neg(c->ctx->ring, c->pool, &b, z->part[i], x->part[i]);
    }
    return OK;
}

static status need_limbs(ckks *c, const ckks_plain *y, size_t n_limbs)
{
    if (y->n_limbs < n_limbs || y->ctx != c->ctx) {
        return error_set(c->err, ERR_USAGE, "ckks: a plaintext of %zu limbs for one of %zu",
                         y->n_limbs, n_limbs);
    }
    return OK;
}

typedef void spread_op(ckks *c, uint64_t *z, const uint64_t *x, const ckks_plain *y,
                       size_t n_limbs);

static status shift(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y,
                    spread_op *op)
{
    TRY(ckks_same_scale(c, x->scale, y->scale));
    TRY(need_limbs(c, y, x->n_limbs));
    TRY(ckks_copy(c, z, x, x->n_limbs));
    z->log_slots = more(x->log_slots, y->log_slots);
    z->seeded = false;
    op(c, z->part[0], x->part[0], y, x->n_limbs);
    return OK;
}

status ckks_add_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y)
{
    return shift(c, z, x, y, ckks_spread_add);
}

status ckks_sub_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y)
{
    return shift(c, z, x, y, ckks_spread_sub);
}

status ckks_mul_plain(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y)
{
    TRY(need_limbs(c, y, x->n_limbs));
    TRY(ckks_shape(c, z, x->n_limbs, x->n_parts, x->scale * y->scale,
                   more(x->log_slots, y->log_slots)));
    for (size_t i = 0; i < z->n_parts; i++) {
        ckks_spread_mul(c, z->part[i], x->part[i], y, z->n_limbs);
    }
    return OK;
}

status ckks_mul_plain_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *y)
{
    TRY(need_limbs(c, y, z->n_limbs));
    TRY(ckks_same_scale(c, z->scale, x->scale * y->scale));
    CHECK(z != x && z->n_parts == x->n_parts && z->n_limbs <= x->n_limbs);
    z->log_slots = more(z->log_slots, more(x->log_slots, y->log_slots));
    z->seeded = false;
    for (size_t i = 0; i < z->n_parts; i++) {
        ckks_spread_mul_add(c, z->part[i], x->part[i], y, z->n_limbs);
    }
    return OK;
}

/* y scale, rounded to an integer and to the 53 bits of a double, modulo each limb. */
static status constant(ckks *c, uint64_t *out, double y, double scale, size_t n_limbs)
{
    int exponent;
    const double wide = y * scale, part = frexp(wide, &exponent);
    if (!(fabs(wide) < ldexp(1, 200))) {
        return error_set(c->err, ERR_PRECISION, "ckks: the constant %g passes 2^200 at 2^%.1f", y,
                         log2(scale));
    }
    const int shift = exponent > 53 ? exponent - 53 : 0;
    const int64_t whole = (int64_t)llrint(ldexp(part, exponent - shift));
    const uint64_t size = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
    for (size_t i = 0; i < n_limbs; i++) {
        const ckks_modulus *m = &c->ctx->ring->limb[c->ctx->params.n_special + i].m;
        const uint64_t power = ckks_mod_pow(m, 2, (uint64_t)shift);
        const uint64_t rest = ckks_mod_mul(m, ckks_mod_word(m, size), power);
        out[i] = whole < 0 ? ckks_mod_neg(m, rest) : rest;
    }
    return OK;
}

status ckks_add_constant(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y)
{
    uint64_t by[CKKS_MAX_LIMBS];
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    TRY(constant(c, by, y, x->scale, x->n_limbs));
    TRY(ckks_copy(c, z, x, x->n_limbs));
    z->seeded = false;
    ckks_poly_add_scalar(c->ctx->ring, c->pool, &b, z->part[0], x->part[0], by);
    return OK;
}

status ckks_mul_constant(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y, double scale)
{
    uint64_t by[CKKS_MAX_LIMBS];
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    TRY(constant(c, by, y, scale, x->n_limbs));
    TRY(ckks_shape(c, z, x->n_limbs, x->n_parts, x->scale * scale, x->log_slots));
    for (size_t i = 0; i < x->n_parts; i++) {
        ckks_poly_mul_scalar(c->ctx->ring, c->pool, &b, z->part[i], x->part[i], by);
    }
    return OK;
}

status ckks_mul_constant_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y)
{
    uint64_t by[CKKS_MAX_LIMBS];
    const ckks_basis b = ckks_limbs_basis(c->ctx, z->n_limbs);
    CHECK(z != x && z->n_parts == x->n_parts && z->n_limbs <= x->n_limbs);
    TRY(constant(c, by, y, z->scale / x->scale, z->n_limbs));
    z->log_slots = more(z->log_slots, x->log_slots);
    z->seeded = false;
    for (size_t i = 0; i < z->n_parts; i++) {
        ckks_poly_mul_scalar_add(c->ctx->ring, c->pool, &b, z->part[i], x->part[i], by);
    }
    return OK;
}

typedef struct {
    const ckks_context *ctx;
    uint64_t *z;
    const uint64_t *x;
} mul_i_job;

/* Times X^(N/2), whose value at the root of exponent e is i^e: Eq. (4). Exponents are 1 mod 4 in
 * the first half of places and 3 mod 4 in the second, since the highest bit of a place is the one
 * above the lowest of its exponent. In the smallest rings places are swapped (ntt.h). */
static void mul_i_limbs(void *job, size_t begin, size_t end, size_t worker)
{
    const mul_i_job *j = job;
    const ckks_context *ctx = j->ctx;
    const size_t half = ctx->n / 2;
    (void)worker;
    for (size_t k = begin; k < end; k++) {
        const ckks_limb *l = &ctx->ring->limb[ctx->params.n_special + k];
        const uint64_t i = ckks_mod_pow(&l->m, l->root, half), minus_i = ckks_mod_neg(&l->m, i);
        uint64_t *z = j->z + k * ctx->n;
        const uint64_t *x = j->x + k * ctx->n;
        if (ctx->params.log_n > 6) {
            ctx->kernels->elements->mul_scalar(&l->m, z, x, i, half);
            ctx->kernels->elements->mul_scalar(&l->m, z + half, x + half, minus_i, half);
            continue;
        }
        for (size_t at = 0; at < ctx->n; at++) {
            const bool third = ckks_ntt_exponent(ctx->params.log_n, at) & 2;
            z[at] = ckks_mod_mul(&l->m, x[at], third ? minus_i : i);
        }
    }
}

status ckks_mul_i(ckks *c, ckks_cipher *z, const ckks_cipher *x)
{
    TRY(ckks_shape(c, z, x->n_limbs, x->n_parts, x->scale, x->log_slots));
    for (size_t i = 0; i < x->n_parts; i++) {
        mul_i_job j = {.ctx = c->ctx, .z = z->part[i], .x = x->part[i]};
        ckks_split(c->pool, x->n_limbs, mul_i_limbs, &j);
    }
    return OK;
}

status ckks_rescale(ckks *c, ckks_cipher *z, const ckks_cipher *x)
{
    const size_t limbs = x->n_limbs;
    if (limbs < 2) {
        return error_set(c->err, ERR_USAGE, "ckks: no limb is left to rescale by");
    }
    const double scale = x->scale / (double)ckks_limb_prime(c->ctx, limbs - 1);
    TRY(ckks_shape(c, z, limbs - 1, x->n_parts, scale, x->log_slots));
    const arena_mark_t mark = arena_mark(c->tmp);
    status st = OK;
    for (size_t i = 0; st == OK && i < z->n_parts; i++) {
        st = ckks_divide_last(c, z->part[i], x->part[i], limbs);
        arena_release(c->tmp, mark);
    }
    return st;
}

status ckks_adjust(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs)
{
    if (x->n_limbs == n_limbs) {
        TRY(ckks_same_scale(c, x->scale, c->ctx->level[n_limbs].scale));
        return ckks_copy(c, z, x, n_limbs);
    }
    return ckks_adjust_by(c, z, x, n_limbs, 1);
}

status ckks_adjust_by(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs, double factor)
{
    const double wanted = c->ctx->level[n_limbs].scale;
    if (x->n_limbs <= n_limbs) {
        return error_set(c->err, ERR_USAGE, "ckks: %zu limbs cannot become %zu", x->n_limbs,
                         n_limbs);
    }
    /* One limb more for a moment, in scratch, since z may have no room for it. */
    ckks_cipher t = *x;
    t.n_limbs = n_limbs + 1;
    const double up = wanted * (double)ckks_limb_prime(c->ctx, n_limbs) / x->scale;
    const arena_mark_t mark = arena_mark(c->tmp);
    t.capacity = t.n_limbs;
    status st = OK;
    for (size_t i = 0; st == OK && i < x->n_parts; i++) {
        st = ckks_take(c, &t.part[i], t.n_limbs * c->ctx->n);
    }
    ckks_cipher part = *x;
    part.n_limbs = n_limbs + 1;
    st = st == OK ? ckks_mul_constant(c, &t, &part, factor, up) : st;
    st = st == OK ? ckks_rescale(c, z, &t) : st;
    z->scale = wanted;
    arena_release(c->tmp, mark);
    return st;
}
