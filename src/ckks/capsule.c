#include "ckks/capsule.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/noise_parts.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"
#include "ckks/sample.h"
#include "ckks/security.h"

/* p, then the limbs. */
static ckks_basis basis(const ckks_context *x, size_t n_limbs)
{
    return ckks_basis_range(x->params.n_special - 1, 1 + n_limbs);
}

void ckks_capsule_clear(ckks_capsule *k)
{
    for (size_t i = 0; i < 2; i++) {
        mem_free(k->in.words[i]);
        mem_free(k->out.words[i]);
    }
    *k = (ckks_capsule){0};
}

size_t ckks_capsule_bytes(const ckks_capsule *k)
{
    return 2 * (k->in.n_limbs + k->out.n_limbs + 2) * k->in.ctx->n * sizeof(uint64_t);
}

static status key_room(ckks *c, ckks_capsule_key *k, size_t n_limbs)
{
    *k = (ckks_capsule_key){.ctx = c->ctx, .n_limbs = n_limbs};
    for (size_t i = 0; i < 2; i++) {
        k->words[i] = mem_new((1 + n_limbs) * c->ctx->n, sizeof *k->words[i]);
        if (!k->words[i]) {
            return error_memory(c->err);
        }
    }
    return OK;
}

status ckks_capsule_room(ckks *c, ckks_capsule *out)
{
    *out = (ckks_capsule){0};
    status st = key_room(c, &out->in, 1);
    st = st == OK ? key_room(c, &out->out, c->ctx->params.n_limbs) : st;
    if (st != OK) {
        ckks_capsule_clear(out);
    }
    return st;
}

status ckks_capsule_expand(ckks *c, ckks_capsule_key *k)
{
    const ckks_basis b = basis(c->ctx, k->n_limbs);
    return ckks_expand_seed(c, k->words[1], k->seed, 0, b.prime[0], b.n);
}

/* The sparse secret in NTT form over p and all limbs. */
static status sparse_secret(ckks *c, uint64_t **out, const ckks_secret *s)
{
    const ckks_context *x = c->ctx;
    const ckks_basis b = basis(x, x->params.n_limbs);
    int64_t *small = arena_take(c->hidden, x->n, sizeof *small);
    *out = arena_take(c->hidden, b.n * x->n, sizeof **out);
    if (!small || !*out) {
        return error_memory(c->err);
    }
    prg *p = prg_new(s->seed, "ckks sparse secret", c->err);
    if (!p) {
        return ERR_RESOURCE;
    }
    ckks_sample_sparse(p, small, x->n, CKKS_SPARSE_WEIGHT);
    prg_free(p);
    ckks_poly_from_words(x->ring, c->pool, &b, *out, small);
    ckks_ntt_forward(x->ring, c->pool, &b, *out);
    return OK;
}

/* (e - a to + p from, a); from, to and scratch over the key's basis. */
static status key_fill(ckks *c, ckks_capsule_key *k, const ckks_secret *s, const char *name[2],
                       const uint64_t *from, const uint64_t *to)
{
    const ckks_context *x = c->ctx;
    const ckks_basis b = basis(x, k->n_limbs), limbs = ckks_limbs_basis(x, k->n_limbs);
    const size_t words = b.n * x->n;
    uint64_t *noisy = arena_take(c->hidden, words, sizeof *noisy);
    uint64_t *masked = arena_take(c->hidden, words, sizeof *masked);
    uint64_t factor[CKKS_MAX_LIMBS];
    if (!noisy || !masked) {
        return error_memory(c->err);
    }
    TRY(ckks_seed_derive(c, k->seed, s->seed, name[0]));
    TRY(ckks_capsule_expand(c, k));
    TRY(ckks_small_sample(c, noisy, &b, CKKS_ERROR, s->seed, name[1]));
    ckks_poly_mul(x->ring, c->pool, &b, masked, k->words[1], to);
    ckks_poly_sub(x->ring, c->pool, &b, noisy, noisy, masked);
    const uint64_t p = x->ring->limb[b.prime[0]].m.q;
    for (size_t i = 0; i < limbs.n; i++) {
        factor[i] = ckks_mod_word(ckks_basis_modulus(x->ring, &limbs, i), p);
    }
    ckks_poly_mul_scalar_add(x->ring, c->pool, &limbs, noisy + x->n, from + x->n, factor);
    memcpy(k->words[0], noisy, words * sizeof *noisy);
    return OK;
}

static status fill(ckks *c, ckks_capsule *k, const ckks_secret *s)
{
    static const char *in[2] = {"ckks capsule in seed", "ckks capsule in error"};
    static const char *out[2] = {"ckks capsule out seed", "ckks capsule out error"};
    const uint64_t *dense = s->words + (c->ctx->params.n_special - 1) * c->ctx->n;
    uint64_t *sparse;
    TRY(sparse_secret(c, &sparse, s));
    TRY(key_fill(c, &k->in, s, in, dense, sparse));
    return key_fill(c, &k->out, s, out, sparse, dense);
}

status ckks_capsule_new(ckks *c, ckks_capsule *out, const ckks_secret *s)
{
    *out = (ckks_capsule){0};
    CHECK(s->ctx == c->ctx);
    if (c->ctx->n < 8 * CKKS_SPARSE_WEIGHT) {
        return error_set(c->err, ERR_USAGE, "ckks: bootstrapping wants a ring of 2^8 or more");
    }
    TRY(ckks_capsule_room(c, out));
    const arena_mark_t mark = arena_mark(c->hidden);
    const status st = fill(c, out, s);
    arena_release(c->hidden, mark);
    if (st != OK) {
        ckks_capsule_clear(out);
    }
    return st;
}

/* Coefficients of one limb, centred; x in NTT form is destroyed. */
static void centred(ckks *c, int64_t *z, uint64_t *x, size_t prime)
{
    const ckks_basis b = ckks_basis_range(prime, 1);
    const uint64_t q = c->ctx->ring->limb[prime].m.q;
    ckks_ntt_inverse(c->ctx->ring, c->pool, &b, x);
    for (size_t i = 0; i < c->ctx->n; i++) {
        z[i] = (int64_t)x[i] - (int64_t)(x[i] > q / 2 ? q : 0);
    }
}

static void lifted(ckks *c, uint64_t *z, const int64_t *x, const ckks_basis *b)
{
    ckks_poly_from_words(c->ctx->ring, c->pool, b, z, x);
    ckks_ntt_forward(c->ctx->ring, c->pool, b, z);
}

/* z[h] = round(x key[h] / p) over the key's limbs, x small. */
static status encapsulate(ckks *c, uint64_t *const z[2], const int64_t *x,
                          const ckks_capsule_key *k)
{
    const ckks_context *ctx = c->ctx;
    const ckks_basis b = basis(ctx, k->n_limbs), limbs = ckks_limbs_basis(ctx, k->n_limbs);
    uint64_t *wide, *product, *down, factor[CKKS_MAX_LIMBS];
    int64_t *rest = arena_take(c->tmp, ctx->n, sizeof *rest);
    TRY(ckks_take(c, &wide, b.n * ctx->n));
    TRY(ckks_take(c, &product, b.n * ctx->n));
    TRY(ckks_take(c, &down, limbs.n * ctx->n));
    if (!rest) {
        return error_memory(c->err);
    }
    for (size_t i = 0; i < limbs.n; i++) {
        const ckks_modulus *m = ckks_basis_modulus(ctx->ring, &limbs, i);
        factor[i] = ckks_mod_inverse(m, ckks_mod_word(m, ctx->ring->limb[b.prime[0]].m.q));
    }
    lifted(c, wide, x, &b);
    for (size_t h = 0; h < 2; h++) {
        ckks_poly_mul(ctx->ring, c->pool, &b, product, wide, k->words[h]);
        centred(c, rest, product, b.prime[0]);
        lifted(c, down, rest, &limbs);
        ckks_poly_sub_scale(ctx->ring, c->pool, &limbs, z[h], product + ctx->n, down, factor);
    }
    return OK;
}

static status raise_parts(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_capsule *k)
{
    const ckks_context *ctx = c->ctx;
    const size_t q0 = ctx->params.n_special;
    const ckks_basis one = ckks_limbs_basis(ctx, 1), all = ckks_limbs_basis(ctx, z->n_limbs);
    int64_t *small = arena_take(c->tmp, ctx->n, sizeof *small);
    uint64_t *part[2], *wide;
    TRY(ckks_take(c, &part[0], ctx->n));
    TRY(ckks_take(c, &part[1], ctx->n));
    TRY(ckks_take(c, &wide, all.n * ctx->n));
    if (!small) {
        return error_memory(c->err);
    }
    memcpy(part[1], x->part[1], ctx->n * sizeof **part);
    centred(c, small, part[1], q0);
    TRY(encapsulate(c, part, small, &k->in));
    ckks_poly_add(ctx->ring, c->pool, &one, part[0], part[0], x->part[0]);
    centred(c, small, part[1], q0);
    TRY(encapsulate(c, z->part, small, &k->out));
    centred(c, small, part[0], q0);
    lifted(c, wide, small, &all);
    ckks_poly_add(ctx->ring, c->pool, &all, z->part[0], z->part[0], wide);
    return OK;
}

status ckks_capsule_raise(ckks *c, ckks_cipher *z, const ckks_cipher *x, const ckks_capsule *k)
{
    CHECK(x->n_parts == 2 && x != z && k->out.ctx == c->ctx);
    TRY(ckks_shape(c, z, k->out.n_limbs, 2, x->scale, x->log_slots));
    const arena_mark_t mark = arena_mark(c->tmp);
    const status st = raise_parts(c, z, x, k);
    arena_release(c->tmp, mark);
    return st;
}
