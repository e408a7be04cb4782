#include <string.h>

#include "ckks/evaluate.h"
#include "ckks/poly.h"
#include "ckks/switch.h"

static size_t fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ckks-evaluate.md Eq. (2) */
static void products(ckks *c, uint64_t *const z[3], const ckks_cipher *x, const ckks_cipher *y,
                     size_t n_limbs)
{
    const ckks_ring *r = c->ctx->ring;
    const ckks_basis b = ckks_limbs_basis(c->ctx, n_limbs);
    const uint64_t *left[2] = {x->part[0], x->part[1]}, *right[2] = {y->part[1], y->part[0]};
    const ckks_dot cross = {
        .n_terms = 2, .n_outputs = 1, .x = left, .y = {right}, .y_basis = &b, .z = {z[1]}};
    ckks_poly_mul(r, c->pool, &b, z[0], x->part[0], y->part[0]);
    ckks_poly_dot(r, c->pool, &b, &cross);
    ckks_poly_mul(r, c->pool, &b, z[2], x->part[1], y->part[1]);
}

static status check_pairs(ckks *c, const ckks_cipher *x, const ckks_cipher *y)
{
    return x->n_parts == 2 && y->n_parts == 2
               ? OK
               : error_set(c->err, ERR_USAGE, "ckks: relinearise before the next product");
}

status ckks_tensor(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y)
{
    const size_t limbs = fewer(x->n_limbs, y->n_limbs);
    CHECK(z != x && z != y);
    TRY(check_pairs(c, x, y));
    TRY(ckks_shape(c, z, limbs, 3, x->scale * y->scale,
                   x->log_slots > y->log_slots ? x->log_slots : y->log_slots));
    products(c, z->part, x, y, limbs);
    return OK;
}

status ckks_tensor_add(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y)
{
    const ckks_ring *r = c->ctx->ring;
    CHECK(z != x && z != y && z->n_parts == 3);
    CHECK(z->n_limbs <= x->n_limbs && z->n_limbs <= y->n_limbs);
    TRY(check_pairs(c, x, y));
    TRY(ckks_same_scale(c, z->scale, x->scale * y->scale));
    const ckks_basis b = ckks_limbs_basis(c->ctx, z->n_limbs);
    ckks_poly_mul_add(r, c->pool, &b, z->part[0], x->part[0], y->part[0]);
    ckks_poly_mul_add(r, c->pool, &b, z->part[1], x->part[0], y->part[1]);
    ckks_poly_mul_add(r, c->pool, &b, z->part[1], x->part[1], y->part[0]);
    ckks_poly_mul_add(r, c->pool, &b, z->part[2], x->part[1], y->part[1]);
    return OK;
}

/* x[2] switched to what stands before 1 and s. */
static status relinearise(ckks *c, ckks_cipher *z, uint64_t *const x[3], size_t n_limbs,
                          const ckks_switch_key *key, bool rescale)
{
    ckks_raised raised;
    const ckks_finish f = {.key = key, .add = {x[0], x[1]}, .rescale = rescale};
    TRY(ckks_raise(c, &raised, x[2], n_limbs));
    return ckks_switch_finish(c, z->part, &raised, &f);
}

status ckks_relinearise(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_keys *keys)
{
    const ckks_switch_key *key;
    const size_t limbs = x->n_limbs;
    CHECK(x->n_parts == 3);
    TRY(ckks_keys_find(c, &key, keys, CKKS_RELINEARISE, limbs));
    TRY(ckks_shape(c, z, limbs, 2, x->scale, x->log_slots));
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = relinearise(c, z, x->part, limbs, key, false);
    arena_release(c->tmp, mark);
    return st;
}

/* The scale of n limbs, rescaled. */
static status rescaled(ckks *c, double *out, double scale, size_t n_limbs)
{
    if (n_limbs < 2) {
        return error_set(c->err, ERR_USAGE, "ckks: no limb is left to rescale by");
    }
    *out = scale / (double)ckks_limb_prime(c->ctx, n_limbs - 1);
    return OK;
}

status ckks_relinearise_rescale(ckks *c, ckks_cipher *z, const ckks_cipher *x,
                                const ckks_keys *keys)
{
    const ckks_switch_key *key;
    const size_t limbs = x->n_limbs;
    double scale = 0;
    CHECK(x->n_parts == 3);
    TRY(ckks_keys_find(c, &key, keys, CKKS_RELINEARISE, limbs));
    TRY(rescaled(c, &scale, x->scale, limbs));
    TRY(ckks_shape(c, z, limbs - 1, 2, scale, x->log_slots));
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = relinearise(c, z, x->part, limbs, key, true);
    arena_release(c->tmp, mark);
    return st;
}

static status multiply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                       size_t limbs, const ckks_switch_key *key)
{
    uint64_t *product[3];
    for (size_t i = 0; i < 3; i++) {
        TRY(ckks_take(c, &product[i], limbs * c->ctx->n));
    }
    products(c, product, x, y, limbs);
    return relinearise(c, z, product, limbs, key, true);
}

status ckks_multiply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_cipher *y,
                     const ckks_keys *keys)
{
    const size_t limbs = fewer(x->n_limbs, y->n_limbs);
    const unsigned slots = x->log_slots > y->log_slots ? x->log_slots : y->log_slots;
    const ckks_switch_key *key;
    double scale = 0;
    TRY(check_pairs(c, x, y));
    TRY(ckks_keys_find(c, &key, keys, CKKS_RELINEARISE, limbs));
    TRY(rescaled(c, &scale, x->scale * y->scale, limbs));
    const arena_mark_t mark = arena_mark(c->tmp);
    /* Operands that are z keep their fields until the products are done. */
    const ckks_cipher left = *x, right = *y;
    status st = ckks_shape(c, z, limbs - 1, 2, scale, slots);
    st = st == OK ? multiply(c, z, &left, &right, limbs, key) : st;
    arena_release(c->tmp, mark);
    return st;
}
