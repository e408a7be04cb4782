/* ckks-switch.md Eq. (4)-(7), in one pass over the limbs: sums with the key are divided while they
 * are in the cache, and never written out. The primes that are divided by come first. */
#include <string.h>

#include "ckks/kernels.h"
#include "ckks/parts.h"
#include "ckks/switch.h"

typedef struct {
    ckks *c;
    uint64_t *const *z;
    const ckks_raised *x;
    const ckks_finish *f;
    size_t special, n_sources;
    uint64_t *source[2]; /* what is divided by, in coefficients */
    uint64_t *t[2];      /* the same modulo the limbs that stay */
    uint64_t *sum;       /* two limbs for each worker */
} finish_job;

/* The special primes, and the last limb where it is divided by too. */
static void make_sources(void *job, size_t begin, size_t end, size_t worker)
{
    const finish_job *j = job;
    const ckks_context *ctx = j->c->ctx;
    const ckks_level *l = &ctx->level[j->x->n_limbs];
    const size_t last = j->x->n_limbs - 1;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const bool special = i < j->special;
        const size_t limb = special ? i : j->special + last;
        const ckks_limb *r = &ctx->ring->limb[ctx->params.n_special - j->special + limb];
        uint64_t *z[2] = {j->source[0] + i * ctx->n, j->source[1] + i * ctx->n};
        ckks_switch_dot_limb(ctx, z, j->x, j->f->key, limb);
        for (size_t h = 0; h < 2; h++) {
            if (!special && j->f->add[h]) {
                ctx->kernels->elements->mul_scalar_add(&r->m, z[h], j->f->add[h] + last * ctx->n,
                                                       l->special_product[last], ctx->n);
            }
            ctx->kernels->ntt->inverse(r, z[h]);
        }
    }
}

/* One half of one limb: z = factor (sum - t) + add, moved. */
static void divide(const finish_job *j, const ckks_limb *r, size_t h, size_t i, const uint64_t *sum)
{
    const ckks_level *l = &j->c->ctx->level[j->x->n_limbs];
    const ckks_element_kernels *k = j->c->ctx->kernels->elements;
    const size_t n = j->c->ctx->n;
    const uint64_t factor = j->f->rescale ? l->both_factor[i] : l->down_factor[i];
    const uint64_t *add = j->f->add[h] ? j->f->add[h] + i * n : NULL;
    uint64_t *t = j->t[h] + i * n, *z = j->z[h] + i * n;
    j->c->ctx->kernels->ntt->forward(r, t);
    k->sub_scale(&r->m, t, sum, t, factor, n);
    if (add && j->f->rescale) {
        k->mul_scalar_add(&r->m, t, add, l->rescale_factor[i], n);
    } else if (add) {
        k->add(&r->m, t, t, add, n);
    }
    if (j->f->permute) {
        k->permute(z, t, j->f->permute, n);
    } else {
        memcpy(z, t, n * sizeof *z);
    }
}

static void divide_limbs(void *job, size_t begin, size_t end, size_t worker)
{
    const finish_job *j = job;
    const ckks_context *ctx = j->c->ctx;
    uint64_t *sum[2] = {j->sum + 2 * worker * ctx->n, j->sum + (2 * worker + 1) * ctx->n};
    for (size_t i = begin; i < end; i++) {
        ckks_switch_dot_limb(ctx, sum, j->x, j->f->key, j->special + i);
        for (size_t h = 0; h < 2; h++) {
            divide(j, &ctx->ring->limb[ctx->params.n_special + i], h, i, sum[h]);
        }
    }
}

static status finish(finish_job *j)
{
    ckks *c = j->c;
    const ckks_level *l = &c->ctx->level[j->x->n_limbs];
    const size_t rest = j->x->n_limbs - j->f->rescale, workers = c->pool ? pool_size(c->pool) : 1;
    TRY(ckks_take(c, &j->sum, 2 * workers * c->ctx->n));
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_take(c, &j->source[h], j->n_sources * c->ctx->n));
        TRY(ckks_take(c, &j->t[h], rest * c->ctx->n));
    }
    ckks_split(c->pool, j->n_sources, make_sources, j);
    for (size_t h = 0; h < 2; h++) {
        ckks_convert_run(j->f->rescale ? l->both : l->down, c->pool, CKKS_CENTRED, j->t[h],
                         j->source[h]);
    }
    ckks_split(c->pool, rest, divide_limbs, j);
    return OK;
}

status ckks_switch_finish(ckks *c, uint64_t *const z[2], const ckks_raised *x, const ckks_finish *f)
{
    const size_t special = c->ctx->level[x->n_limbs].n_special;
    finish_job j = {
        .c = c, .z = z, .x = x, .f = f, .special = special, .n_sources = special + f->rescale};
    CHECK(f->key->n_limbs >= x->n_limbs);
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = finish(&j);
    arena_release(c->tmp, mark);
    return st;
}
