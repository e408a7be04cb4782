/* A map by baby and giant steps, all between raising and the last division over the switch basis
 * (ckks-linear.md Eq. (3)-(6)). What is its own here: diagonals that repeat for every token, giant
 * steps in Horner's order, so that one key serves many, and inner sums made several at a time while
 * a piece of the turned operand is in the cache. */
#include <string.h>

#include "ckks/kernels.h"
#include "ckks/parts.h"
#include "ckks/poly.h"
#include "ckks/spread.h"
#include "ckks/switch.h"
#include "he/steps.h"

enum { PIECE = 512 };

typedef struct {
    he_work *w;
    const he_map *m;
    const ckks_plain *plain;
    const ckks_cipher *x;
    ckks_basis limbs, both; /* q_0 .., and with the special primes before them */
    size_t special, words;  /* words of these, and of all */
    uint64_t *turned[2][HE_BABIES];
    uint64_t *sum[HE_INNER_SUMS][2];
    size_t first, n; /* which giant steps the sums are of */
    uint64_t *wide;  /* pieces of diagonals, for each worker */
} walk;

/* ---- Operand turned by baby steps */

/* z = P' x over the switch basis: nothing modulo the special primes. */
static void lift(walk *w, uint64_t *z, const uint64_t *x)
{
    const ckks_context *ctx = w->w->c->ctx;
    memset(z, 0, w->special * sizeof *z);
    ckks_poly_mul_scalar(ctx->ring, w->w->c->pool, &w->limbs, z + w->special, x,
                         ctx->level[w->limbs.n].special_product);
}

static status find(walk *w, const ckks_switch_key **key, int64_t turn)
{
    ckks *c = w->w->c;
    w->w->tally->keyed[w->limbs.n]++;
    return ckks_keys_find(c, key, w->w->keys, ckks_rotation_element(c->ctx, turn), w->limbs.n);
}

static status turn_baby(walk *w, const ckks_raised *raised, size_t b)
{
    ckks *c = w->w->c;
    const ckks_switch_key *key;
    uint64_t *sum[2];
    if (w->m->baby[b] == 0) {
        lift(w, w->turned[0][b], w->x->part[0]);
        lift(w, w->turned[1][b], w->x->part[1]);
        return OK;
    }
    TRY(find(w, &key, w->m->baby[b]));
    const arena_mark_t mark = arena_mark(c->tmp);
    TRY(ckks_take(c, &sum[0], w->words));
    TRY(ckks_take(c, &sum[1], w->words));
    ckks_switch_dot(c, sum, raised, key);
    ckks_poly_mul_scalar_add(c->ctx->ring, c->pool, &w->limbs, sum[0] + w->special, w->x->part[0],
                             c->ctx->level[w->limbs.n].special_product);
    for (size_t h = 0; h < 2; h++) {
        ckks_automorphism_ntt(c->ctx->ring, c->pool, &w->both, w->turned[h][b], sum[h],
                              key->permute);
    }
    arena_release(c->tmp, mark);
    return OK;
}

static status turn_babies(walk *w)
{
    ckks *c = w->w->c;
    ckks_raised raised;
    for (size_t b = 0; b < w->m->n_baby; b++) {
        TRY(ckks_take(c, &w->turned[0][b], w->words));
        TRY(ckks_take(c, &w->turned[1][b], w->words));
    }
    const arena_mark_t mark = arena_mark(c->tmp);
    status st = ckks_raise(c, &raised, w->x->part[1], w->limbs.n);
    w->w->tally->raised[w->limbs.n]++;
    for (size_t b = 0; st == OK && b < w->m->n_baby; b++) {
        st = turn_baby(w, &raised, b);
    }
    arena_release(c->tmp, mark);
    return st;
}

/* ---- Inner sums */

/* Words [at, at + n) of limb number `limb` of diagonal d. */
static const uint64_t *diagonal(uint64_t *wide, const ckks_plain *d, size_t limb, size_t at,
                                size_t n)
{
    const uint64_t *words = d->words + (limb << d->log_n);
    if (d->log_n == d->ctx->params.log_n) {
        return words + at;
    }
    ckks_spread_words(wide, words, d, at, n);
    return wide;
}

static void sum_piece(const walk *w, size_t limb, size_t at, size_t n, uint64_t *wide)
{
    const ckks_context *ctx = w->w->c->ctx;
    const size_t skipped = ctx->params.n_special - w->special / ctx->n;
    const size_t place = limb * ctx->n + at;
    const uint64_t *x[HE_BABIES], *y[2][HE_BABIES];
    for (size_t b = 0; b < w->m->n_baby; b++) {
        y[0][b] = w->turned[0][b] + place;
        y[1][b] = w->turned[1][b] + place;
    }
    for (size_t i = 0; i < w->n; i++) {
        const ckks_plain *plain = w->plain + (w->first + i) * w->m->n_baby;
        for (size_t b = 0; b < w->m->n_baby; b++) {
            x[b] = diagonal(wide + b * PIECE, &plain[b], limb, at, n);
        }
        const ckks_dot dot = {.n_terms = w->m->n_baby,
                              .n_outputs = 2,
                              .x = x,
                              .y = {y[0], y[1]},
                              .z = {w->sum[i][0] + place, w->sum[i][1] + place}};
        ctx->kernels->sums->dot(&ctx->ring->limb[skipped + limb].m, &dot, 0, 0, n);
    }
}

static void sum_pieces(void *arg, size_t begin, size_t end, size_t worker)
{
    const walk *w = arg;
    const size_t n = w->w->c->ctx->n, len = n < PIECE ? n : PIECE, each = n / len;
    for (size_t i = begin; i < end; i++) {
        sum_piece(w, i / each, i % each * len, len, w->wide + worker * HE_BABIES * PIECE);
    }
}

/* Sums of giant steps first .. first + n - 1, n at most HE_INNER_SUMS. */
static void make_sums(walk *w, size_t first, size_t n)
{
    const size_t ring = w->w->c->ctx->n, len = ring < PIECE ? ring : PIECE;
    const size_t pieces = w->words / len;
    pool *p = w->w->c->pool;
    w->first = first;
    w->n = n;
    w->w->tally->plain[w->limbs.n] += n * w->m->n_baby;
    if (p) {
        parallel_for(p, pieces, 16, sum_pieces, w);
    } else {
        sum_pieces(w, 0, pieces, 0);
    }
}

/* ---- Giant steps */

/* Both parts of z turned, over the switch basis: the second goes down, is raised anew and switched;
 * the first stays above. */
static status turn_giant(walk *w, uint64_t *const z[2], int64_t by)
{
    ckks *c = w->w->c;
    const size_t l = w->limbs.n;
    const ckks_switch_key *key;
    ckks_raised raised;
    uint64_t *sum[2], *down;
    TRY(find(w, &key, by));
    TRY(ckks_take(c, &sum[0], w->words));
    TRY(ckks_take(c, &sum[1], w->words));
    TRY(ckks_take(c, &down, l * c->ctx->n));
    TRY(ckks_switch_down(c, down, z[1], NULL, l));
    TRY(ckks_raise(c, &raised, down, l));
    w->w->tally->lowered[l]++;
    w->w->tally->raised[l]++;
    ckks_switch_dot(c, sum, &raised, key);
    ckks_poly_add(c->ctx->ring, c->pool, &w->both, sum[0], sum[0], z[0]);
    for (size_t h = 0; h < 2; h++) {
        ckks_automorphism_ntt(c->ctx->ring, c->pool, &w->both, z[h], sum[h], key->permute);
    }
    return OK;
}

static status turn_and_release(walk *w, uint64_t *const z[2], int64_t by)
{
    const arena_mark_t mark = arena_mark(w->w->c->tmp);
    const status st = by ? turn_giant(w, z, by) : OK;
    arena_release(w->w->c->tmp, mark);
    return st;
}

/* From the last giant step down. */
static status horner(walk *w, uint64_t *const total[2])
{
    ckks *c = w->w->c;
    const he_map *m = w->m;
    for (size_t end = m->n_giant; end > 0;) {
        const size_t n = end % HE_INNER_SUMS ? end % HE_INNER_SUMS : HE_INNER_SUMS;
        make_sums(w, end - n, n);
        for (size_t g = end; g-- > end - n;) {
            if (g + 1 < m->n_giant) {
                TRY(turn_and_release(w, total, m->giant[g + 1] - m->giant[g]));
            }
            for (size_t h = 0; h < 2; h++) {
                ckks_poly_add(c->ctx->ring, c->pool, &w->both, total[h], total[h],
                              w->sum[g - (end - n)][h]);
            }
        }
        end -= n;
    }
    return turn_and_release(w, total, m->giant[0]);
}

static status apply(walk *w, ckks_cipher *z, double scale)
{
    ckks *c = w->w->c;
    uint64_t *total[2];
    const size_t workers = c->pool ? pool_size(c->pool) : 1;
    TRY(ckks_take(c, &w->wide, workers * HE_BABIES * PIECE));
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_take(c, &total[h], w->words));
        memset(total[h], 0, w->words * sizeof *total[h]);
        for (size_t i = 0; i < HE_INNER_SUMS && i < w->m->n_giant; i++) {
            TRY(ckks_take(c, &w->sum[i][h], w->words));
        }
    }
    TRY(turn_babies(w));
    TRY(horner(w, total));
    TRY(ckks_shape(c, z, w->limbs.n - 1, 2, scale, w->x->log_slots));
    w->w->tally->lowered[w->limbs.n] += 2;
    for (size_t h = 0; h < 2; h++) {
        TRY(ckks_switch_down_rescale(c, z->part[h], total[h], NULL, w->limbs.n));
    }
    return OK;
}

/* One diagonal that turns nothing. */
static status multiply(he_work *w, ckks_cipher *z, const ckks_cipher *x, const ckks_plain *d)
{
    ckks_cipher t;
    TRY(he_take(w->spares, &t, 2, w->c->err));
    status st = ckks_mul_plain(w->c, &t, x, d);
    w->tally->plain[x->n_limbs]++;
    st = st == OK ? ckks_rescale(w->c, z, &t) : st;
    he_give(w->spares, &t);
    return st;
}

status he_run_map(he_work *work, ckks_cipher *z, const ckks_cipher *x, const he_map *m,
                  const ckks_plain *plain)
{
    ckks *c = work->c;
    const size_t limbs = x->n_limbs, special = c->ctx->level[limbs].n_special * c->ctx->n;
    CHECK(x->n_parts == 2 && m->baby[0] == 0);
    if (m->n_giant * m->n_baby == 1) {
        return multiply(work, z, x, plain);
    }
    walk w = {.w = work,
              .m = m,
              .plain = plain,
              .x = x,
              .limbs = ckks_limbs_basis(c->ctx, limbs),
              .both = ckks_switch_basis(c->ctx, limbs),
              .special = special,
              .words = special + limbs * c->ctx->n};
    const double scale = x->scale * plain->scale / (double)ckks_limb_prime(c->ctx, limbs - 1);
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = apply(&w, z, scale);
    arena_release(c->tmp, mark);
    return st;
}
