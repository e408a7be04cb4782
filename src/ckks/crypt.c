#include "ckks/crypt.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/noise_parts.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"
#include "ckks/spread.h"

/* The caller's seed, or a fresh one. */
static status seed_of(ckks *c, uint8_t out[PRG_SEED_BYTES], const uint8_t *given)
{
    if (given) {
        memcpy(out, given, PRG_SEED_BYTES);
        return OK;
    }
    return random_bytes(out, PRG_SEED_BYTES, c->err);
}

static status encrypt(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_secret *s,
                      const uint8_t seed[PRG_SEED_BYTES])
{
    const ckks_ring *r = c->ctx->ring;
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    const size_t words = b.n * r->n;
    uint64_t *noisy = arena_take(c->hidden, words, sizeof *noisy);
    uint64_t *mask = arena_take(c->hidden, words, sizeof *mask);
    if (!noisy || !mask) {
        return error_memory(c->err);
    }
    TRY(ckks_seed_derive(c, z->seed, seed, "ckks cipher seed"));
    TRY(ckks_expand_seed(c, z->part[1], z->seed, 0, b.prime[0], b.n));
    TRY(ckks_small_sample(c, noisy, &b, CKKS_ERROR, seed, "ckks cipher error"));
    ckks_poly_mul(r, c->pool, &b, mask, z->part[1], s->words + b.prime[0] * r->n);
    ckks_poly_sub(r, c->pool, &b, noisy, noisy, mask);
    ckks_spread_add(c, noisy, noisy, x, b.n);
    memcpy(z->part[0], noisy, words * sizeof *noisy);
    z->seeded = true;
    return OK;
}

status ckks_encrypt(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_secret *s,
                    const uint8_t seed[PRG_SEED_BYTES])
{
    uint8_t own[PRG_SEED_BYTES];
    CHECK(x->n_special == 0 && s->ctx == c->ctx);
    TRY(ckks_shape(c, z, x->n_limbs, 2, x->scale, x->log_slots));
    TRY(seed_of(c, own, seed));
    const arena_mark_t mark = arena_mark(c->hidden);
    const status st = encrypt(c, z, x, s, own);
    arena_release(c->hidden, mark);
    mem_wipe(own, sizeof own);
    return st;
}

static status encrypt_public(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_public_key *k,
                             const uint8_t seed[PRG_SEED_BYTES])
{
    static const char *const purpose[2] = {"ckks cipher error 0", "ckks cipher error 1"};
    const ckks_ring *r = c->ctx->ring;
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    uint64_t *v = arena_take(c->hidden, b.n * r->n, sizeof *v);
    uint64_t *e = arena_take(c->hidden, b.n * r->n, sizeof *e);
    if (!v || !e) {
        return error_memory(c->err);
    }
    TRY(ckks_small_sample(c, v, &b, CKKS_TERNARY, seed, "ckks cipher mask"));
    for (size_t i = 0; i < 2; i++) {
        TRY(ckks_small_sample(c, e, &b, CKKS_ERROR, seed, purpose[i]));
        ckks_poly_mul_add(r, c->pool, &b, e, v, k->words[i]);
        if (i == 0) {
            ckks_spread_add(c, e, e, x, b.n);
        }
        memcpy(z->part[i], e, b.n * r->n * sizeof *e);
    }
    return OK;
}

status ckks_encrypt_public(ckks *c, ckks_cipher *z, const ckks_plain *x, const ckks_public_key *k,
                           const uint8_t seed[PRG_SEED_BYTES])
{
    uint8_t own[PRG_SEED_BYTES];
    CHECK(x->n_special == 0 && k->ctx == c->ctx);
    TRY(ckks_shape(c, z, x->n_limbs, 2, x->scale, x->log_slots));
    TRY(seed_of(c, own, seed));
    const arena_mark_t mark = arena_mark(c->hidden);
    const status st = encrypt_public(c, z, x, k, own);
    arena_release(c->hidden, mark);
    mem_wipe(own, sizeof own);
    return st;
}

status ckks_decrypt(ckks *c, ckks_plain *out, const ckks_cipher *x, const ckks_secret *s)
{
    const ckks_ring *r = c->ctx->ring;
    const size_t limbs = x->n_limbs < 2 ? 1 : 2;
    const ckks_basis b = ckks_limbs_basis(c->ctx, limbs);
    const uint64_t *power = s->words + b.prime[0] * r->n;
    CHECK(s->ctx == c->ctx);
    *out = (ckks_plain){.ctx = c->ctx,
                        .log_slots = x->log_slots,
                        .log_n = r->log_n,
                        .n_limbs = limbs,
                        .scale = x->scale};
    out->words = mem_new(limbs * r->n, sizeof *out->words);
    if (!out->words) {
        return error_memory(c->err);
    }
    /* Horner's scheme from the last part. */
    memcpy(out->words, x->part[x->n_parts - 1], limbs * r->n * sizeof *out->words);
    for (size_t i = x->n_parts - 1; i-- > 0;) {
        ckks_poly_mul(r, c->pool, &b, out->words, out->words, power);
        ckks_poly_add(r, c->pool, &b, out->words, out->words, x->part[i]);
    }
    return OK;
}
