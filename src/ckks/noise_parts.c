#include "ckks/noise_parts.h"

#include <stdio.h>

#include "ckks/keys.h"
#include "ckks/ntt.h"
#include "ckks/poly.h"
#include "ckks/sample.h"

status ckks_small_sample(ckks *c, uint64_t *z, const ckks_basis *b, ckks_small kind,
                         const uint8_t seed[PRG_SEED_BYTES], const char *purpose)
{
    const size_t n = c->ctx->n;
    const arena_mark_t mark = arena_mark(c->hidden);
    int8_t *small = arena_take(c->hidden, n, 1);
    int64_t *words = arena_take(c->hidden, n, sizeof *words);
    prg *p = prg_new(seed, purpose, c->err);
    status st = p ? OK : ERR_RESOURCE;
    if (p && (!small || !words)) {
        st = error_memory(c->err);
    }
    if (st == OK) {
        if (kind == CKKS_TERNARY) {
            ckks_sample_ternary(p, small, n);
        } else {
            ckks_sample_error(p, small, n);
        }
        for (size_t i = 0; i < n; i++) {
            words[i] = small[i];
        }
        ckks_poly_from_words(c->ctx->ring, c->pool, b, z, words);
        ckks_ntt_forward(c->ctx->ring, c->pool, b, z);
    }
    prg_free(p);
    arena_release(c->hidden, mark);
    return st;
}

status ckks_seed_derive(ckks *c, uint8_t out[PRG_SEED_BYTES], const uint8_t seed[PRG_SEED_BYTES],
                        const char *purpose)
{
    prg *p = prg_new(seed, purpose, c->err);
    if (!p) {
        return ERR_RESOURCE;
    }
    prg_bytes(p, out, PRG_SEED_BYTES);
    prg_free(p);
    return OK;
}

typedef struct {
    ckks *c;
    uint64_t *x;
    const uint8_t *seed;
    size_t label, first;
    bool failed[CKKS_MAX_PRIMES];
} expansion;

static void expand_limbs(void *ctx, size_t begin, size_t end, size_t worker)
{
    expansion *e = ctx;
    const ckks_context *x = e->c->ctx;
    const size_t special = x->params.n_special;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const size_t prime = e->first + i;
        const size_t number = prime < special ? CKKS_MAX_LIMBS + prime : prime - special;
        char purpose[64];
        snprintf(purpose, sizeof purpose, "ckks a %zu %zu", e->label, number);
        prg *p = prg_new(e->seed, purpose, NULL);
        e->failed[i] = p == NULL;
        if (p) {
            ckks_sample_uniform(p, e->x + i * x->n, x->n, x->ring->limb[prime].m.q);
        }
        prg_free(p);
    }
}

status ckks_expand_seed(ckks *c, uint64_t *x, const uint8_t seed[PRG_SEED_BYTES], size_t label,
                        size_t first, size_t n)
{
    expansion e = {.c = c, .x = x, .seed = seed, .label = label, .first = first};
    if (c->pool) {
        parallel_for(c->pool, n, 1, expand_limbs, &e);
    } else {
        expand_limbs(&e, 0, n, 0);
    }
    for (size_t i = 0; i < n; i++) {
        if (e.failed[i]) {
            return error_memory(c->err);
        }
    }
    return OK;
}
