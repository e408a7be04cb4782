/* ckks-linear.md Eq. (3)-(6): double hoisting. Everything between raising and the last division
 * stays over the switch basis, in which a ciphertext's own parts stand multiplied by P'. Work goes
 * limb by limb, so that sums with keys are turned and added while they are in the cache. */
#include <string.h>

#include "ckks/kernels.h"
#include "ckks/linear.h"
#include "ckks/parts.h"
#include "ckks/poly.h"
#include "ckks/spread.h"
#include "ckks/switch.h"

/* Words of plaintexts that are spread out at once, in the second cache. */
enum { PIECE = 1024 };

typedef struct {
    ckks *c;
    const ckks_matrix *m;
    const ckks_keys *keys;
    const ckks_cipher *x;
    ckks_raised raised;
    size_t limbs, special; /* q_0 .., and the special primes before them */
    size_t words;          /* of a polynomial over both */
    uint64_t **turned[2];  /* x turned by each baby step, times P', NULL where not wanted */
    uint64_t *total[2];    /* Horner's sum */
    uint64_t *sum, *wide;  /* each worker's: two limbs, and pieces of plaintexts */
    size_t wide_words;     /* of one worker */
} walk;

/* One step of either kind, over all limbs. */
typedef struct {
    const walk *w;
    const ckks_raised *raised;
    const ckks_switch_key *key;
    size_t baby;          /* of a baby step */
    size_t begin, behind; /* diagonals of a giant step */
} step_job;

static const ckks_modulus *modulus(const walk *w, size_t limb)
{
    const ckks_context *ctx = w->c->ctx;
    return &ctx->ring->limb[ctx->params.n_special - w->special + limb].m;
}

/* z = P' x modulo one limb: nothing modulo the special primes. */
static void lift(const walk *w, uint64_t *z, const uint64_t *x, size_t limb)
{
    const ckks_context *ctx = w->c->ctx;
    if (limb < w->special) {
        memset(z, 0, ctx->n * sizeof *z);
        return;
    }
    const size_t i = limb - w->special;
    ctx->kernels->elements->mul_scalar(modulus(w, limb), z, x + i * ctx->n,
                                       ctx->level[w->limbs].special_product[i], ctx->n);
}

/* x turned by a baby step; Eq. (4). */
static void baby_limbs(void *job, size_t begin, size_t end, size_t worker)
{
    const step_job *j = job;
    const walk *w = j->w;
    const ckks_context *ctx = w->c->ctx;
    uint64_t *sum[2] = {w->sum + 2 * worker * ctx->n, w->sum + (2 * worker + 1) * ctx->n};
    for (size_t i = begin; i < end; i++) {
        uint64_t *z[2] = {w->turned[0][j->baby] + i * ctx->n, w->turned[1][j->baby] + i * ctx->n};
        if (!j->key) {
            lift(w, z[0], w->x->part[0], i);
            lift(w, z[1], w->x->part[1], i);
            continue;
        }
        ckks_switch_dot_limb(ctx, sum, j->raised, j->key, i);
        if (i >= w->special) {
            const size_t q = i - w->special;
            ctx->kernels->elements->mul_scalar_add(modulus(w, i), sum[0],
                                                   w->x->part[0] + q * ctx->n,
                                                   ctx->level[w->limbs].special_product[q], ctx->n);
        }
        for (size_t h = 0; h < 2; h++) {
            ctx->kernels->elements->permute(z[h], sum[h], j->key->permute, ctx->n);
        }
    }
}

static status turn_baby(walk *w, size_t baby)
{
    step_job j = {.w = w, .raised = &w->raised, .baby = baby};
    const size_t element = ckks_rotation_element(w->c->ctx, w->m->shape.first + (int64_t)baby);
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_take(w->c, &w->turned[h][baby], w->words));
    }
    if (element != 1) {
        TRY(ckks_keys_find(w->c, &j.key, w->keys, element, w->limbs));
    }
    ckks_split(w->c->pool, w->special + w->limbs, baby_limbs, &j);
    return OK;
}

/* z += the products of diagonals with baby steps, words [at, at + n) of one limb. */
static void add_products(const step_job *j, uint64_t *const z[2], size_t limb, size_t at, size_t n,
                         uint64_t *wide)
{
    const walk *w = j->w;
    const ckks_matrix *m = w->m;
    const ckks_context *ctx = w->c->ctx;
    const size_t terms = j->behind - j->begin;
    const uint64_t *x[CKKS_MATRIX_MAX_TERMS], *y[2][CKKS_MATRIX_MAX_TERMS];
    uint64_t *sum[2] = {wide + terms * PIECE, wide + (terms + 1) * PIECE};
    for (size_t t = 0; t < terms; t++) {
        const size_t i = j->begin + t, baby = (size_t)(m->k[i] % m->shape.baby);
        const ckks_plain *p = &m->plain[i];
        x[t] = p->words + limb * ctx->n + at;
        if (p->log_n != ctx->params.log_n) {
            ckks_spread_words(wide + t * PIECE, p->words + (limb << p->log_n), p, at, n);
            x[t] = wide + t * PIECE;
        }
        for (size_t h = 0; h < 2; h++) {
            y[h][t] = w->turned[h][baby] + limb * ctx->n + at;
        }
    }
    const ckks_dot dot = {
        .n_terms = terms, .n_outputs = 2, .x = x, .y = {y[0], y[1]}, .z = {sum[0], sum[1]}};
    ctx->kernels->sums->dot(modulus(w, limb), &dot, 0, 0, n);
    for (size_t h = 0; h < 2; h++) {
        ctx->kernels->elements->add(modulus(w, limb), z[h] + at, z[h] + at, sum[h], n);
    }
}

/* total = total turned by a giant step, its second part through the key, plus products. */
static void giant_limbs(void *job, size_t begin, size_t end, size_t worker)
{
    const step_job *j = job;
    const walk *w = j->w;
    const ckks_context *ctx = w->c->ctx;
    uint64_t *sum[2] = {w->sum + 2 * worker * ctx->n, w->sum + (2 * worker + 1) * ctx->n};
    for (size_t i = begin; i < end; i++) {
        uint64_t *z[2] = {w->total[0] + i * ctx->n, w->total[1] + i * ctx->n};
        if (j->key) {
            ckks_switch_dot_limb(ctx, sum, j->raised, j->key, i);
            ctx->kernels->elements->add(modulus(w, i), sum[0], sum[0], z[0], ctx->n);
            for (size_t h = 0; h < 2; h++) {
                ctx->kernels->elements->permute(z[h], sum[h], j->key->permute, ctx->n);
            }
        }
        for (size_t at = 0; at < ctx->n && j->begin < j->behind; at += PIECE) {
            const size_t n = ctx->n - at < PIECE ? ctx->n - at : PIECE;
            add_products(j, z, i, at, n, w->wide + worker * w->wide_words);
        }
    }
}

/* Eq. (5): the second part goes down and is raised anew; then limb by limb. by 0: no turning. */
static status step_giant(walk *w, int64_t by, size_t begin, size_t behind)
{
    ckks *c = w->c;
    ckks_raised raised;
    step_job j = {.w = w, .raised = &raised, .begin = begin, .behind = behind};
    const size_t element = ckks_rotation_element(c->ctx, by);
    const arena_mark_t mark = arena_mark(c->tmp);
    if (element != 1) {
        uint64_t *down;
        TRY(ckks_keys_find(c, &j.key, w->keys, element, w->limbs));
        TRY(ckks_take(c, &down, w->limbs * c->ctx->n));
        TRY(ckks_switch_down(c, down, w->total[1], NULL, w->limbs));
        TRY(ckks_raise(c, &raised, down, w->limbs));
    }
    ckks_split(c->pool, w->special + w->limbs, giant_limbs, &j);
    arena_release(c->tmp, mark);
    return OK;
}

static status turn_babies(walk *w)
{
    for (size_t i = 0; i < w->m->n; i++) {
        const size_t baby = (size_t)(w->m->k[i] % w->m->shape.baby);
        if (!w->turned[0][baby]) {
            TRY(turn_baby(w, baby));
        }
    }
    return OK;
}

static status take_room(walk *w)
{
    ckks *c = w->c;
    const size_t workers = c->pool ? pool_size(c->pool) : 1, n = c->ctx->n;
    const size_t baby = (size_t)w->m->shape.baby;
    w->wide_words = (ckks_matrix_terms(w->m) + 2) * PIECE;
    TRY(ckks_take(c, &w->sum, 2 * workers * n));
    TRY(ckks_take(c, &w->wide, workers * w->wide_words));
    for (size_t h = 0; h < 2; h++) {
        w->turned[h] = arena_take(c->tmp, baby, sizeof **w->turned);
        if (!w->turned[h]) {
            return error_memory(c->err);
        }
        memset(w->turned[h], 0, baby * sizeof **w->turned);
        TRY(ckks_take(c, &w->total[h], w->words));
        memset(w->total[h], 0, w->words * sizeof *w->total[h]);
    }
    return OK;
}

static status apply(walk *w, ckks_cipher *z, double scale)
{
    ckks *c = w->c;
    const ckks_matrix *m = w->m;
    TRY(take_room(w));
    TRY(ckks_raise(c, &w->raised, w->x->part[1], w->limbs));
    TRY(turn_babies(w));
    int64_t above = -1; /* the giant step that has been summed last */
    for (size_t behind = m->n; behind > 0;) {
        const int64_t giant = m->k[behind - 1] / m->shape.baby;
        size_t begin = behind - 1;
        while (begin > 0 && m->k[begin - 1] / m->shape.baby == giant) {
            begin--;
        }
        TRY(step_giant(w, above < 0 ? 0 : (above - giant) * m->shape.baby, begin, behind));
        above = giant;
        behind = begin;
    }
    if (above > 0) {
        TRY(step_giant(w, above * m->shape.baby, 0, 0));
    }
    TRY(ckks_shape(c, z, w->limbs - 1, 2, scale,
                   w->x->log_slots > m->log_slots ? w->x->log_slots : m->log_slots));
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_switch_down_rescale(c, z->part[h], w->total[h], NULL, w->limbs));
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
    walk w = {.c = c,
              .m = m,
              .keys = keys,
              .x = x,
              .limbs = limbs,
              .special = c->ctx->level[limbs].n_special};
    w.words = (w.special + limbs) * c->ctx->n;
    const double scale = x->scale * m->shape.scale / (double)ckks_limb_prime(c->ctx, limbs - 1);
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = apply(&w, z, scale);
    arena_release(c->tmp, mark);
    return st;
}
