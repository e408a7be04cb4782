/* ckks-linear.md Eq. (3)-(6): double hoisting. Everything between raising and the last division
 * stays over the switch basis, in which a ciphertext's own parts stand multiplied by P'. */
#include <string.h>

#include "ckks/linear.h"
#include "ckks/parts.h"
#include "ckks/poly.h"
#include "ckks/spread.h"
#include "ckks/switch.h"

typedef struct {
    ckks *c;
    const ckks_matrix *m;
    const ckks_keys *keys;
    const ckks_cipher *x;
    ckks_raised raised;
    ckks_basis limbs, both; /* q_0 .., and with the special primes before them */
    size_t special;         /* words of these */
    size_t words;
    uint64_t **turned[2]; /* x turned by each baby step, times P', NULL where not wanted yet */
} walk;

/* z = P' x over the switch basis: nothing modulo the special primes. */
static void lift(walk *w, uint64_t *z, const uint64_t *x)
{
    const ckks_context *ctx = w->c->ctx;
    memset(z, 0, w->special * sizeof *z);
    ckks_poly_mul_scalar(ctx->ring, w->c->pool, &w->limbs, z + w->special, x,
                         ctx->level[w->limbs.n].special_product);
}

/* z += P' x */
static void lift_add(walk *w, uint64_t *z, const uint64_t *x)
{
    const ckks_context *ctx = w->c->ctx;
    ckks_poly_mul_scalar_add(ctx->ring, w->c->pool, &w->limbs, z + w->special, x,
                             ctx->level[w->limbs.n].special_product);
}

/* x turned by a baby step; Eq. (4). */
static status turn_baby(walk *w, size_t step)
{
    const ckks_context *ctx = w->c->ctx;
    const ckks_switch_key *key;
    uint64_t *sum[2];
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_take(w->c, &w->turned[h][step], w->words));
    }
    if (step == 0) {
        lift(w, w->turned[0][0], w->x->part[0]);
        lift(w, w->turned[1][0], w->x->part[1]);
        return OK;
    }
    const size_t element = ckks_rotation_element(ctx, (int64_t)step);
    TRY(ckks_keys_find(w->c, &key, w->keys, element, w->limbs.n));
    const arena_mark_t mark = arena_mark(w->c->tmp);
    TRY(ckks_take(w->c, &sum[0], w->words));
    TRY(ckks_take(w->c, &sum[1], w->words));
    ckks_switch_dot(w->c, sum, &w->raised, key);
    lift_add(w, sum[0], w->x->part[0]);
    for (size_t h = 0; h < 2; h++) {
        ckks_automorphism_ntt(ctx->ring, w->c->pool, &w->both, w->turned[h][step], sum[h],
                              key->permute);
    }
    arena_release(w->c->tmp, mark);
    return OK;
}

/* The products of one giant step, summed over the switch basis. */
static void sum_giant(walk *w, uint64_t *const z[2], int64_t giant)
{
    const ckks_matrix *m = w->m;
    for (size_t h = 0; h < 2; h++) {
        memset(z[h], 0, w->words * sizeof *z[h]);
    }
    for (size_t i = 0; i < m->n; i++) {
        const size_t baby = (size_t)(m->k[i] % m->baby);
        for (size_t h = 0; h < 2 && m->k[i] / m->baby == giant; h++) {
            ckks_spread_mul_add_raised(w->c, z[h], w->turned[h][baby], &m->plain[i]);
        }
    }
}

/* total += z turned by its giant step: the second part goes down, is raised anew and switched; the
 * first stays above. Eq. (5). */
static status add_giant(walk *w, uint64_t *const total[2], uint64_t *const z[2], int64_t giant)
{
    const ckks_context *ctx = w->c->ctx;
    const ckks_switch_key *key;
    ckks_raised raised;
    uint64_t *sum[2], *down, *moved;
    const size_t element = ckks_rotation_element(ctx, giant * w->m->baby);
    if (element == 1) {
        for (size_t h = 0; h < 2; h++) {
            ckks_poly_add(ctx->ring, w->c->pool, &w->both, total[h], total[h], z[h]);
        }
        return OK;
    }
    TRY(ckks_keys_find(w->c, &key, w->keys, element, w->limbs.n));
    TRY(ckks_take(w->c, &sum[0], w->words));
    TRY(ckks_take(w->c, &sum[1], w->words));
    TRY(ckks_take(w->c, &moved, w->words));
    TRY(ckks_take(w->c, &down, w->limbs.n * ctx->n));
    TRY(ckks_switch_down(w->c, down, z[1], NULL, w->limbs.n));
    TRY(ckks_raise(w->c, &raised, down, w->limbs.n));
    ckks_switch_dot(w->c, sum, &raised, key);
    ckks_poly_add(ctx->ring, w->c->pool, &w->both, sum[0], sum[0], z[0]);
    for (size_t h = 0; h < 2; h++) {
        ckks_automorphism_ntt(ctx->ring, w->c->pool, &w->both, moved, sum[h], key->permute);
        ckks_poly_add(ctx->ring, w->c->pool, &w->both, total[h], total[h], moved);
    }
    return OK;
}

static status turn_babies(walk *w)
{
    for (size_t i = 0; i < w->m->n; i++) {
        const size_t step = (size_t)(w->m->k[i] % w->m->baby);
        if (!w->turned[0][step]) {
            TRY(turn_baby(w, step));
        }
    }
    return OK;
}

static status apply(walk *w, ckks_cipher *z, double scale)
{
    ckks *c = w->c;
    uint64_t *total[2], *sum[2];
    for (size_t h = 0; h < 2; h++) {
        w->turned[h] = arena_take(c->tmp, (size_t)w->m->baby, sizeof **w->turned);
        if (!w->turned[h]) {
            return error_memory(c->err);
        }
        memset(w->turned[h], 0, (size_t)w->m->baby * sizeof **w->turned);
        TRY(ckks_take(c, &total[h], w->words));
        TRY(ckks_take(c, &sum[h], w->words));
        memset(total[h], 0, w->words * sizeof *total[h]);
    }
    TRY(ckks_raise(c, &w->raised, w->x->part[1], w->limbs.n));
    TRY(turn_babies(w));
    for (size_t i = 0; i < w->m->n; i++) {
        const int64_t giant = w->m->k[i] / w->m->baby;
        if (i == 0 || w->m->k[i - 1] / w->m->baby != giant) {
            const arena_mark_t mark = arena_mark(c->tmp);
            sum_giant(w, sum, giant);
            TRY(add_giant(w, total, sum, giant));
            arena_release(c->tmp, mark);
        }
    }
    TRY(ckks_shape(c, z, w->limbs.n - 1, 2, scale,
                   w->x->log_slots > w->m->log_slots ? w->x->log_slots : w->m->log_slots));
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_switch_down_rescale(c, z->part[h], total[h], NULL, w->limbs.n));
    }
    return OK;
}

status ckks_matrix_apply(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_matrix *m,
                         const ckks_keys *keys)
{
    const size_t limbs = m->n_limbs;
    CHECK(x->n_parts == 2 && m->ctx == c->ctx);
    if (x->n_limbs < limbs || x->log_slots > m->log_slots) {
        return error_set(
            c->err, ERR_USAGE,
            "ckks: a matrix for %zu limbs and 2^%u slots, a ciphertext of %zu and 2^%u", limbs,
            m->log_slots, x->n_limbs, x->log_slots);
    }
    const size_t special = c->ctx->level[limbs].n_special * c->ctx->n;
    walk w = {.c = c,
              .m = m,
              .keys = keys,
              .x = x,
              .limbs = ckks_limbs_basis(c->ctx, limbs),
              .both = ckks_switch_basis(c->ctx, limbs),
              .special = special,
              .words = special + limbs * c->ctx->n};
    const double scale = x->scale * m->scale / (double)ckks_limb_prime(c->ctx, limbs - 1);
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = apply(&w, z, scale);
    arena_release(c->tmp, mark);
    return st;
}
