#include "ckks/switch.h"

#include <string.h>

#include "ckks/kernels.h"
#include "ckks/ntt.h"
#include "ckks/parts.h"
#include "ckks/poly.h"

/* Limbs of a digit, times 1 / (P / P') where the level leaves special primes out: Eq. (6). */
static status own_limbs(ckks *c, ckks_raised *out, uint64_t **coefficients, const uint64_t *x)
{
    const ckks_context *ctx = c->ctx;
    const ckks_level *l = &ctx->level[out->n_limbs];
    const ckks_basis b = ckks_limbs_basis(ctx, out->n_limbs);
    const size_t words = b.n * ctx->n;
    out->own = x;
    if (l->unused_inverse) {
        uint64_t *scaled;
        TRY(ckks_take(c, &scaled, words));
        ckks_poly_mul_scalar(ctx->ring, c->pool, &b, scaled, x, l->unused_inverse);
        out->own = scaled;
    }
    TRY(ckks_take(c, coefficients, words));
    memcpy(*coefficients, out->own, words * sizeof *x);
    ckks_ntt_inverse(ctx->ring, c->pool, &b, *coefficients);
    return OK;
}

status ckks_raise(ckks *c, ckks_raised *out, const uint64_t *x, size_t n_limbs)
{
    const ckks_context *ctx = c->ctx;
    const ckks_level *l = &ctx->level[n_limbs];
    uint64_t *coefficients;
    *out = (ckks_raised){.n_limbs = n_limbs, .n_digits = l->n_digits};
    TRY(own_limbs(c, out, &coefficients, x));
    for (size_t j = 0; j < l->n_digits; j++) {
        const ckks_raise_to *to = &l->up[j];
        const uint64_t *from = coefficients + to->first * ctx->n;
        TRY(ckks_take(c, &out->digit[j], (l->n_special + n_limbs) * ctx->n));
        uint64_t *low = out->digit[j], *high = low + (l->n_special + to->behind) * ctx->n;
        ckks_convert_run(to->before, c->pool, CKKS_CENTRED, low, from);
        ckks_ntt_forward(ctx->ring, c->pool, &to->before->to, low);
        if (to->after) {
            ckks_convert_run(to->after, c->pool, CKKS_CENTRED, high, from);
            ckks_ntt_forward(ctx->ring, c->pool, &to->after->to, high);
        }
    }
    return OK;
}

typedef struct {
    ckks *c;
    uint64_t *const *z;
    const ckks_raised *x;
    const ckks_switch_key *key;
} dot_job;

/* Part i of the switch basis's limbs. */
static void dot_part(const dot_job *j, size_t i)
{
    const ckks_context *ctx = j->c->ctx;
    const size_t used = ctx->level[j->x->n_limbs].n_special;
    const size_t skipped = ctx->params.n_special - used;
    const ckks_part part = ckks_part_nth(ctx->ring, i);
    const uint64_t *x[CKKS_MAX_LIMBS], *y[2][CKKS_MAX_LIMBS];
    for (size_t d = 0; d < j->x->n_digits; d++) {
        const ckks_raise_to *to = &ctx->level[j->x->n_limbs].up[d];
        const bool own = part.limb >= used + to->first && part.limb < used + to->behind;
        x[d] = own ? j->x->own + (part.limb - used) * ctx->n + part.from : j->x->digit[d] + part.at;
        for (size_t h = 0; h < 2; h++) {
            y[h][d] = ckks_key_words(j->key, d, h) + (skipped + part.limb) * ctx->n + part.from;
        }
    }
    const ckks_dot dot = {.n_terms = j->x->n_digits,
                          .n_outputs = 2,
                          .x = x,
                          .y = {y[0], y[1]},
                          .z = {j->z[0] + part.at, j->z[1] + part.at}};
    ctx->kernels->sums->dot(&ctx->ring->limb[skipped + part.limb].m, &dot, 0, 0, part.n);
}

static void dot_parts(void *ctx, size_t begin, size_t end, size_t worker)
{
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        dot_part(ctx, i);
    }
}

void ckks_switch_dot(ckks *c, uint64_t *const z[2], const ckks_raised *x, const ckks_switch_key *k)
{
    const size_t limbs = c->ctx->level[x->n_limbs].n_special + x->n_limbs;
    dot_job j = {.c = c, .z = z, .x = x, .key = k};
    CHECK(k->n_limbs >= x->n_limbs);
    ckks_split(c->pool, limbs * ckks_parts_of_limb(c->ctx->ring), dot_parts, &j);
}

void ckks_switch_dot_limb(const ckks_context *ctx, uint64_t *const z[2], const ckks_raised *x,
                          const ckks_switch_key *k, size_t limb)
{
    const ckks_level *l = &ctx->level[x->n_limbs];
    const size_t skipped = ctx->params.n_special - l->n_special;
    const uint64_t *digit[CKKS_MAX_LIMBS], *y[2][CKKS_MAX_LIMBS];
    for (size_t d = 0; d < x->n_digits; d++) {
        const ckks_raise_to *to = &l->up[d];
        const bool own = limb >= l->n_special + to->first && limb < l->n_special + to->behind;
        digit[d] = own ? x->own + (limb - l->n_special) * ctx->n : x->digit[d] + limb * ctx->n;
        for (size_t h = 0; h < 2; h++) {
            y[h][d] = ckks_key_words(k, d, h) + (skipped + limb) * ctx->n;
        }
    }
    const ckks_dot dot = {
        .n_terms = x->n_digits, .n_outputs = 2, .x = digit, .y = {y[0], y[1]}, .z = {z[0], z[1]}};
    ctx->kernels->sums->dot(&ctx->ring->limb[skipped + limb].m, &dot, 0, 0, ctx->n);
}

/* The end of a division, limb after limb while it is in the cache: z = factor (x - t) + add_factor
 * add, t in coefficients. */
typedef struct {
    const ckks_context *ctx;
    uint64_t *z, *t;
    const uint64_t *x, *add;
    const uint64_t *factor, *add_factor; /* add_factor NULL: one */
} divide_job;

static void divide_limbs(void *job, size_t begin, size_t end, size_t worker)
{
    const divide_job *j = job;
    const ckks_element_kernels *k = j->ctx->kernels->elements;
    const size_t n = j->ctx->n;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const ckks_limb *l = &j->ctx->ring->limb[j->ctx->params.n_special + i];
        uint64_t *t = j->t + i * n, *z = j->z + i * n;
        j->ctx->kernels->ntt->forward(l, t);
        k->sub_scale(&l->m, t, j->x + i * n, t, j->factor[i], n);
        if (j->add && j->add_factor) {
            k->mul_scalar_add(&l->m, t, j->add + i * n, j->add_factor[i], n);
        } else if (j->add) {
            k->add(&l->m, t, t, j->add + i * n, n);
        }
        memcpy(z, t, n * sizeof *z);
    }
}

status ckks_switch_down(ckks *c, uint64_t *z, uint64_t *x, const uint64_t *add, size_t n_limbs)
{
    const ckks_context *ctx = c->ctx;
    const ckks_level *l = &ctx->level[n_limbs];
    uint64_t *t;
    TRY(ckks_take(c, &t, n_limbs * ctx->n));
    ckks_ntt_inverse(ctx->ring, c->pool, &l->down->from, x);
    ckks_convert_run(l->down, c->pool, CKKS_CENTRED, t, x);
    divide_job j = {.ctx = ctx,
                    .z = z,
                    .t = t,
                    .x = x + l->n_special * ctx->n,
                    .add = add,
                    .factor = l->down_factor};
    ckks_split(c->pool, n_limbs, divide_limbs, &j);
    return OK;
}

status ckks_switch_down_rescale(ckks *c, uint64_t *z, uint64_t *x, const uint64_t *add,
                                size_t n_limbs)
{
    const ckks_context *ctx = c->ctx;
    const ckks_level *l = &ctx->level[n_limbs];
    const size_t n = ctx->n, special = l->n_special;
    const ckks_limb *last = &ctx->ring->limb[ctx->params.n_special + n_limbs - 1];
    uint64_t *t, *source, *limbs = x + special * n;
    TRY(ckks_take(c, &t, n_limbs * n));
    TRY(ckks_take(c, &source, (special + 1) * n));
    memcpy(source, x, special * n * sizeof *x);
    memcpy(source + special * n, limbs + (n_limbs - 1) * n, n * sizeof *x);
    if (add) {
        ctx->kernels->elements->mul_scalar_add(&last->m, source + special * n,
                                               add + (n_limbs - 1) * n,
                                               l->special_product[n_limbs - 1], n);
    }
    ckks_ntt_inverse(ctx->ring, c->pool, &l->both->from, source);
    ckks_convert_run(l->both, c->pool, CKKS_CENTRED, t, source);
    divide_job j = {.ctx = ctx,
                    .z = z,
                    .t = t,
                    .x = limbs,
                    .add = add,
                    .factor = l->both_factor,
                    .add_factor = l->rescale_factor};
    ckks_split(c->pool, n_limbs - 1, divide_limbs, &j);
    return OK;
}

status ckks_divide_last(ckks *c, uint64_t *z, const uint64_t *x, size_t n_limbs)
{
    const ckks_context *ctx = c->ctx;
    const ckks_level *l = &ctx->level[n_limbs];
    uint64_t *t, *last;
    TRY(ckks_take(c, &t, n_limbs * ctx->n));
    TRY(ckks_take(c, &last, ctx->n));
    memcpy(last, x + (n_limbs - 1) * ctx->n, ctx->n * sizeof *x);
    ckks_ntt_inverse(ctx->ring, c->pool, &l->rescale->from, last);
    ckks_convert_run(l->rescale, c->pool, CKKS_CENTRED, t, last);
    divide_job j = {.ctx = ctx, .z = z, .t = t, .x = x, .factor = l->rescale_factor};
    ckks_split(c->pool, n_limbs - 1, divide_limbs, &j);
    return OK;
}
