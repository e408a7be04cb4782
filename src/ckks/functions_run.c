#include "ckks/functions.h"

/* z = x y factor at one limb less. The operand of more limbs is brought to the fewer, and takes the
 * factor on its way; where they are equal the factor is 1. z may be either. */
static status times(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                    double factor, const ckks_keys *keys)
{
    const ckks_cipher *more = x->n_limbs > y->n_limbs ? x : y;
    const ckks_cipher *fewer = more == x ? y : x;
    if (more->n_limbs == fewer->n_limbs) {
        CHECK(factor == 1);
        return ckks_multiply(c, z, x, y, keys);
    }
    ckks_cipher same = {0};
    status st = ckks_cipher_new(&same, c->ctx, fewer->n_limbs, 2, c->err);
    st = st == OK ? ckks_adjust_by(c, &same, more, fewer->n_limbs, factor) : st;
    st = st == OK ? ckks_multiply(c, z, &same, fewer, keys) : st;
    ckks_cipher_clear(&same);
    return st;
}

static status minus_from(ckks *c, ckks_cipher *z, double constant)
{
    TRY(ckks_negate(c, z, z));
    return ckks_add_constant(c, z, z, constant);
}

/* Eq. (7): y (2 - x y) */
static status round_inverse(ckks *c, ckks_cipher *y, ckks_cipher *w, const ckks_cipher *x,
                            const ckks_keys *keys)
{
    TRY(times(c, w, x, y, 1, keys));
    TRY(minus_from(c, w, 2));
    return times(c, y, y, w, 1, keys);
}

/* Eq. (8): y (3 - x y^2) / 2, as (y / 2) (3 - y (x y)) */
static status round_root(ckks *c, ckks_cipher *y, ckks_cipher *w, const ckks_cipher *x,
                         const ckks_keys *keys)
{
    TRY(times(c, w, x, y, 1, keys));
    TRY(times(c, w, w, y, 1, keys));
    TRY(minus_from(c, w, 3));
    return times(c, y, y, w, 0.5, keys);
}

/* Eq. (11): y (3 - y^2) / 2 */
static status round_sign(ckks *c, ckks_cipher *y, ckks_cipher *w, const ckks_keys *keys)
{
    TRY(ckks_multiply(c, w, y, y, keys));
    TRY(minus_from(c, w, 3));
    return times(c, y, y, w, 0.5, keys);
}

static status run_round(ckks *c, ckks_cipher *y, ckks_cipher *w, const ckks_cipher *x,
                        const ckks_function *f, const ckks_keys *keys)
{
    switch (f->kind) {
    case CKKS_INVERSE:
        return round_inverse(c, y, w, x, keys);
    case CKKS_INVERSE_ROOT:
        return round_root(c, y, w, x, keys);
    case CKKS_EXP:
        return ckks_multiply(c, y, y, y, keys);
    default:
        return round_sign(c, y, w, keys);
    }
}

static status apply(ckks *c, ckks_cipher *z, ckks_cipher *y, ckks_cipher *w, const ckks_cipher *x,
                    const ckks_function *f, const ckks_keys *keys)
{
    const size_t limbs = x->n_limbs - ckks_series_depth(&f->series);
    TRY(ckks_cipher_new(y, c->ctx, limbs, 2, c->err));
    TRY(ckks_cipher_new(w, c->ctx, limbs, 2, c->err));
    TRY(ckks_series_apply(c, y, x, &f->series, keys));
    for (size_t i = 0; i < f->rounds; i++) {
        TRY(run_round(c, y, w, x, f, keys));
    }
    return ckks_copy(c, z, y, y->n_limbs);
}

status ckks_function_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_function *f,
                           const ckks_keys *keys)
{
    ckks_cipher y = {0}, w = {0};
    if (x->n_limbs <= f->depth) {
        return error_set(c->err, ERR_USAGE, "ckks: a function of depth %zu for %zu limbs", f->depth,
                         x->n_limbs);
    }
    const status st = apply(c, z, &y, &w, x, f, keys);
    ckks_cipher_clear(&y);
    ckks_cipher_clear(&w);
    return st;
}
