#include "ckks/flood.h"

#include <math.h>

#include "base/mem.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"
#include "ckks/sample.h"

double ckks_flood_sigma(const ckks_flood *f, uint64_t most)
{
    return f->noise * sqrt(12 * (double)most) * exp2(f->bits / 2.0);
}

/* A fresh polynomial of that width, added to x in NTT form. */
static status add_noise(ckks *c, ckks_plain *x, double sigma)
{
    const ckks_ring *r = c->ctx->ring;
    const ckks_basis b = ckks_limbs_basis(c->ctx, x->n_limbs);
    uint8_t seed[PRG_SEED_BYTES];
    int64_t *wide = arena_take(c->hidden, r->n, sizeof *wide);
    uint64_t *words = arena_take(c->hidden, b.n * r->n, sizeof *words);
    if (!wide || !words) {
        return error_memory(c->err);
    }
    TRY(random_bytes(seed, sizeof seed, c->err));
    prg *p = prg_new(seed, "ckks flood", c->err);
    mem_wipe(seed, sizeof seed);
    if (!p) {
        return ERR_RESOURCE;
    }
    ckks_sample_wide(p, wide, r->n, sigma);
    prg_free(p);
    ckks_poly_from_words(r, c->pool, &b, words, wide);
    ckks_ntt_forward(r, c->pool, &b, words);
    ckks_poly_add(r, c->pool, &b, x->words, x->words, words);
    return OK;
}

status ckks_decrypt_shared(ckks *c, ckks_plain *out, const ckks_cipher *x, const ckks_secret *s,
                           const ckks_flood *f, ckks_budget *b)
{
    const double sigma = ckks_flood_sigma(f, b->most);
    const double room = x->n_limbs > 1 ? 0x1p55 : (double)ckks_limb_prime(c->ctx, 0) / 64;
    *out = (ckks_plain){0};
    if (!(f->noise > 0 && sigma >= 1 && sigma < fmin(room, 0x1p55))) {
        return error_set(c->err, ERR_POLICY,
                         "ckks: noise of 2^%.1f for %llu decryptions cannot be added", log2(sigma),
                         (unsigned long long)b->most);
    }
    TRY(ckks_budget_take(b, c->err));
    TRY(ckks_decrypt(c, out, x, s));
    const arena_mark_t mark = arena_mark(c->hidden);
    const status st = add_noise(c, out, sigma);
    arena_release(c->hidden, mark);
    if (st != OK) {
        ckks_plain_clear(out);
    }
    return st;
}
