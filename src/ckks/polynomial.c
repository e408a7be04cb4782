/* ckks-polynomial.md Eq. (2)-(5).
 *
 * A node evaluates a series of T_0 .. T_d to a ciphertext of given limbs and scale that still has
 * to be rescaled. While d is small it is a sum of constants times powers, whose scales the
 * constants make up for; else it is q T_m + r, where q is a node of one limb more. */
#include "ckks/polynomial.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

typedef struct {
    ckks *c;
    const ckks_keys *keys;
    size_t limbs; /* of T_1 */
    size_t small; /* degrees below this power of two are sums of constants times powers */
    unsigned log_slots;
    bool wanted[CKKS_MAX_DEGREE + 1];
    ckks_cipher power[CKKS_MAX_DEGREE + 1]; /* T_i, where it has been wanted */
} tower;

static size_t log2_up(size_t x)
{
    size_t bits = 0;
    while (((size_t)1 << bits) < x) {
        bits++;
    }
    return bits;
}

/* The largest power of two that is at most x. */
static size_t power_below(size_t x)
{
    size_t m = 1;
    while (2 * m <= x) {
        m *= 2;
    }
    return m;
}

/* Whether T_1 .. T_d have at least so many limbs. */
static bool is_sum(const tower *t, size_t d, size_t limbs)
{
    return d <= 1 || (d < t->small && t->limbs - log2_up(d) >= limbs);
}

/* Coefficients of q and r in p = q T_m + r: T_i = 2 T_(i-m) T_m - T_(2m-i). Eq. (3) */
static void split(double *q, double *r, const double *p, size_t d, size_t m)
{
    memcpy(r, p, m * sizeof *r);
    q[0] = p[m];
    for (size_t i = m + 1; i <= d; i++) {
        q[i - m] = 2 * p[i];
        r[2 * m - i] -= p[i];
    }
}

/* Which powers a node reads; products of powers read others. */
static void want_power(tower *t, size_t i)
{
    if (i < 1 || t->wanted[i]) {
        return;
    }
    t->wanted[i] = true;
    const size_t m = power_below(i);
    if (i == m) {
        want_power(t, i / 2);
    } else {
        want_power(t, m);
        want_power(t, i - m);
        want_power(t, 2 * m - i);
    }
}

static void want(tower *t, const double *p, size_t d, size_t limbs, double *scratch)
{
    if (is_sum(t, d, limbs)) {
        for (size_t i = 1; i <= d; i++) {
            want_power(t, i);
        }
        return;
    }
    const size_t m = power_below(d);
    double *q = scratch, *r = scratch + d + 1;
    split(q, r, p, d, m);
    want_power(t, m);
    want(t, q, d - m, limbs + 1, r + m);
    want(t, r, m - 1, limbs, r + m);
}

/* z += y times x, z having a scale already; z may have a third part, which stays. */
static status add_constant_times(ckks *c, ckks_cipher *z, const ckks_cipher *x, double y)
{
    const size_t parts = z->n_parts;
    z->n_parts = 2;
    const status st = ckks_mul_constant_add(c, z, x, y);
    z->n_parts = parts;
    return st;
}

/* T_i from T_m and T_(i-m): Eq. (4). */
static status make_power(tower *t, size_t i)
{
    const size_t half = i == power_below(i) ? i / 2 : power_below(i);
    const ckks_cipher *x = &t->power[half], *y = &t->power[i - half];
    const size_t limbs = x->n_limbs < y->n_limbs ? x->n_limbs : y->n_limbs;
    const size_t rest = half > i - half ? 2 * half - i : 0;
    ckks_cipher z;
    TRY(ckks_cipher_take(t->c, &t->power[i], limbs - 1, 2));
    const arena_mark_t mark = arena_mark(t->c->tmp);
    TRY(ckks_cipher_take(t->c, &z, limbs, 3));
    TRY(ckks_tensor(t->c, &z, x, y));
    TRY(ckks_add(t->c, &z, &z, &z));
    TRY(rest == 0 ? ckks_add_constant(t->c, &z, &z, -1)
                  : add_constant_times(t->c, &z, &t->power[rest], -1));
    TRY(ckks_relinearise_rescale(t->c, &t->power[i], &z, t->keys));
    arena_release(t->c->tmp, mark);
    return OK;
}

static status make_powers(tower *t, size_t degree)
{
    for (size_t i = 2; i <= degree; i++) {
        if (t->wanted[i]) {
            TRY(make_power(t, i));
        }
    }
    return OK;
}

/* The sum of p[i] T_i, i <= d. */
static status sum(tower *t, ckks_cipher *z, const double *p, size_t d, size_t limbs, double scale)
{
    TRY(ckks_shape(t->c, z, limbs, 2, scale, t->log_slots));
    for (size_t i = 0; i < 2; i++) {
        memset(z->part[i], 0, limbs * t->c->ctx->n * sizeof *z->part[i]);
    }
    for (size_t i = 1; i <= d; i++) {
        if (p[i] != 0) {
            TRY(ckks_mul_constant_add(t->c, z, &t->power[i], p[i]));
        }
    }
    return ckks_add_constant(t->c, z, z, p[0]);
}

/* A node's value, rescaled. */
static status finish(tower *t, ckks_cipher *z, const ckks_cipher *x)
{
    return x->n_parts == 3 ? ckks_relinearise_rescale(t->c, z, x, t->keys)
                           : ckks_rescale(t->c, z, x);
}

static status node(tower *t, ckks_cipher *z, const double *p, size_t d, size_t limbs, double scale,
                   double *scratch);

/* z = q T_m + r; Eq. (5) has the scale of q. */
static status node_split(tower *t, ckks_cipher *z, const double *p, size_t d, size_t limbs,
                         double scale, double *scratch)
{
    ckks_cipher room[2];
    const size_t m = power_below(d);
    const ckks_cipher *power = &t->power[m];
    const double last = (double)ckks_limb_prime(t->c->ctx, limbs);
    double *q = scratch, *r = scratch + d + 1;
    split(q, r, p, d, m);
    TRY(ckks_cipher_take(t->c, &room[0], limbs + 1, 3));
    TRY(node(t, &room[0], q, d - m, limbs + 1, scale * last / power->scale, r + m));
    TRY(ckks_cipher_take(t->c, &room[1], limbs, 2));
    TRY(finish(t, &room[1], &room[0]));
    TRY(node(t, z, r, m - 1, limbs, scale, r + m));
    if (z->n_parts == 3) {
        return ckks_tensor_add(t->c, z, &room[1], power);
    }
    TRY(ckks_shape(t->c, &room[0], limbs, 3, scale, t->log_slots));
    TRY(ckks_tensor(t->c, &room[0], &room[1], power));
    room[0].scale = scale; /* but for the rounding of doubles */
    return ckks_add(t->c, z, z, &room[0]);
}

static status node(tower *t, ckks_cipher *z, const double *p, size_t d, size_t limbs, double scale,
                   double *scratch)
{
    if (is_sum(t, d, limbs)) {
        return sum(t, z, p, d, limbs, scale);
    }
    const arena_mark_t mark = arena_mark(t->c->tmp);
    const status st = node_split(t, z, p, d, limbs, scale, scratch);
    arena_release(t->c->tmp, mark);
    return st;
}

/* T_1: x itself, or mapped to [-1, 1] at the price of a level. */
static status first_power(tower *t, const ckks_cipher *x, const ckks_series *s)
{
    ckks_cipher *u = &t->power[1];
    TRY(ckks_cipher_take(t->c, u, x->n_limbs, 2));
    if (s->low == -1 && s->high == 1) {
        return ckks_copy(t->c, u, x, x->n_limbs);
    }
    const size_t limbs = x->n_limbs;
    const double wanted = t->c->ctx->level[limbs - 1].scale;
    const double up = wanted * (double)ckks_limb_prime(t->c->ctx, limbs - 1) / x->scale;
    TRY(ckks_add_constant(t->c, u, x, -(s->low + s->high) / 2));
    TRY(ckks_mul_constant(t->c, u, u, 2 / (s->high - s->low), up));
    TRY(ckks_rescale(t->c, u, u));
    u->scale = wanted;
    return OK;
}

static status apply(tower *t, ckks_cipher *z, const ckks_cipher *x, const ckks_series *s,
                    double *scratch, size_t limbs, double scale)
{
    const size_t d = s->degree;
    ckks_cipher top;
    t->small = (size_t)1 << (log2_up(d + 1) + 1) / 2;
    TRY(first_power(t, x, s));
    t->limbs = t->power[1].n_limbs;
    want(t, s->coefficient, d, limbs + 1, scratch);
    TRY(make_powers(t, d));
    TRY(ckks_cipher_take(t->c, &top, limbs + 1, 3));
    const double above = scale * (double)ckks_limb_prime(t->c->ctx, limbs);
    TRY(node(t, &top, s->coefficient, d, limbs + 1, above, scratch));
    TRY(finish(t, z, &top));
    z->scale = scale;
    return OK;
}

status ckks_series_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_series *s,
                         const ckks_keys *keys)
{
    const size_t depth = ckks_series_depth(s);
    const size_t limbs = x->n_limbs > depth ? x->n_limbs - depth : 1;
    return ckks_series_apply_scaled(c, z, x, s, c->ctx->level[limbs].scale, keys);
}

status ckks_series_apply_scaled(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_series *s,
                                double scale, const ckks_keys *keys)
{
    const size_t depth = ckks_series_depth(s);
    if (x->n_limbs <= depth || x->n_parts != 2) {
        return error_set(c->err, ERR_USAGE, "ckks: a series of depth %zu for %zu limbs", depth,
                         x->n_limbs);
    }
    /* Each node takes d + 1 + m <= 2 d + 1 numbers, and its children have half its degree. */
    tower *t = mem_new(1, sizeof *t);
    double *scratch = mem_new(8 * (s->degree + 2), sizeof *scratch);
    status st = t && scratch ? OK : error_memory(c->err);
    if (st == OK) {
        t->c = c;
        t->keys = keys;
        t->log_slots = x->log_slots;
        const arena_mark_t mark = arena_mark(c->tmp);
        st = apply(t, z, x, s, scratch, x->n_limbs - depth, scale);
        arena_release(c->tmp, mark);
    }
    mem_free(t);
    mem_free(scratch);
    return st;
}
