#include "ckks/keys.h"

#include <string.h>

#include "base/mem.h"
#include "ckks/noise_parts.h"
#include "ckks/poly.h"
#include "ckks/security.h"

status ckks_secret_new(ckks *c, ckks_secret *out, const uint8_t seed[PRG_SEED_BYTES])
{
    const ckks_context *x = c->ctx;
    const ckks_basis all = ckks_key_basis(x, x->params.n_limbs);
    *out = (ckks_secret){.ctx = x};
    TRY(secret_new(&out->memory, MEM_ALIGN + all.n * x->n * sizeof *out->words, c->err));
    uint8_t *own = out->memory.data;
    status st = OK;
    if (seed) {
        memcpy(own, seed, PRG_SEED_BYTES);
    } else {
        st = random_bytes(own, PRG_SEED_BYTES, c->err);
    }
    out->seed = own;
    out->words = (uint64_t *)(void *)(own + MEM_ALIGN);
    if (st == OK) {
        st = ckks_small_sample(c, out->words, &all, CKKS_TERNARY, own, "ckks secret");
    }
    if (st != OK) {
        ckks_secret_clear(out);
    }
    return st;
}

void ckks_secret_clear(ckks_secret *s)
{
    secret_clear(&s->memory);
    *s = (ckks_secret){0};
}

/* z = e - a s, where z holds e. */
static void mask(ckks *c, uint64_t *z, const uint64_t *a, const ckks_secret *s, const ckks_basis *b,
                 uint64_t *scratch)
{
    const ckks_ring *r = c->ctx->ring;
    ckks_poly_mul(r, c->pool, b, scratch, a, s->words + b->prime[0] * r->n);
    ckks_poly_sub(r, c->pool, b, z, z, scratch);
}

static status public_key_fill(ckks *c, ckks_public_key *k, const ckks_secret *s)
{
    const size_t n_limbs = c->ctx->params.n_limbs, words = n_limbs * c->ctx->n;
    const ckks_basis b = ckks_limbs_basis(c->ctx, n_limbs);
    uint64_t *scratch = arena_take(c->hidden, words, sizeof *scratch);
    uint64_t *noisy = arena_take(c->hidden, words, sizeof *noisy);
    if (!scratch || !noisy) {
        return error_memory(c->err);
    }
    TRY(ckks_seed_derive(c, k->seed, s->seed, "ckks public key seed"));
    TRY(ckks_expand_seed(c, k->words[1], k->seed, 0, b.prime[0], b.n));
    TRY(ckks_small_sample(c, noisy, &b, CKKS_ERROR, s->seed, "ckks public key error"));
    mask(c, noisy, k->words[1], s, &b, scratch);
    memcpy(k->words[0], noisy, words * sizeof *noisy);
    return OK;
}

status ckks_public_key_new(ckks *c, ckks_public_key *out, const ckks_secret *s)
{
    const size_t words = c->ctx->params.n_limbs * c->ctx->n;
    *out = (ckks_public_key){.ctx = c->ctx};
    for (size_t i = 0; i < 2; i++) {
        out->words[i] = mem_new(words, sizeof(uint64_t));
    }
    const arena_mark_t mark = arena_mark(c->hidden);
    const status st =
        out->words[0] && out->words[1] ? public_key_fill(c, out, s) : error_memory(c->err);
    arena_release(c->hidden, mark);
    if (st != OK) {
        ckks_public_key_clear(out);
    }
    return st;
}

void ckks_public_key_clear(ckks_public_key *k)
{
    mem_free(k->words[0]);
    mem_free(k->words[1]);
    *k = (ckks_public_key){0};
}

void ckks_keys_clear(ckks_keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        ckks_switch_key_clear(&k->key[i]);
    }
    mem_free(k->key);
    *k = (ckks_keys){0};
}

static status add_key(ckks *c, ckks_keys *k, const ckks_secret *s, size_t element, size_t n_limbs)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->key[i].element == element) {
            return OK;
        }
    }
    ckks_switch_key made;
    TRY(ckks_switch_key_new(c, &made, s, element, n_limbs));
    size_t at = k->n++;
    for (; at > 0 && k->key[at - 1].element > element; at--) {
        k->key[at] = k->key[at - 1];
    }
    k->key[at] = made;
    return OK;
}

static status add_all(ckks *c, ckks_keys *k, const ckks_secret *s, const int64_t *steps, size_t n,
                      bool conjugation, size_t n_limbs)
{
    TRY(add_key(c, k, s, CKKS_RELINEARISE, n_limbs));
    for (size_t i = 0; i < n; i++) {
        TRY(add_key(c, k, s, ckks_rotation_element(c->ctx, steps[i]), n_limbs));
    }
    return conjugation ? add_key(c, k, s, ckks_conjugation_element(c->ctx), n_limbs) : OK;
}

status ckks_keys_new(ckks *c, ckks_keys *out, const ckks_secret *s, const int64_t *steps, size_t n,
                     bool conjugation, size_t n_limbs)
{
    *out = (ckks_keys){.key = mem_new(n + 2, sizeof *out->key)};
    if (!out->key) {
        return error_memory(c->err);
    }
    const status st = add_all(c, out, s, steps, n, conjugation, n_limbs);
    if (st != OK) {
        ckks_keys_clear(out);
    }
    return st;
}

/* The most limbs that any wish has for this element. */
static size_t most_limbs(const ckks_key_wish *w, size_t n, size_t element)
{
    size_t limbs = 0;
    for (size_t i = 0; i < n; i++) {
        limbs = w[i].element == element && w[i].n_limbs > limbs ? w[i].n_limbs : limbs;
    }
    return limbs;
}

status ckks_keys_new_wished(ckks *c, ckks_keys *out, const ckks_secret *s,
                            const ckks_key_wish *wishes, size_t n)
{
    *out = (ckks_keys){.key = mem_new(n, sizeof *out->key)};
    if (!out->key) {
        return error_memory(c->err);
    }
    for (size_t i = 0; i < n; i++) {
        const size_t element = wishes[i].element;
        const status st = add_key(c, out, s, element, most_limbs(wishes, n, element));
        if (st != OK) {
            ckks_keys_clear(out);
            return st;
        }
    }
    return OK;
}

status ckks_keys_find(ckks *c, const ckks_switch_key **out, const ckks_keys *k, size_t element,
                      size_t n_limbs)
{
    for (size_t i = 0; k && i < k->n; i++) {
        if (k->key[i].element == element && k->key[i].n_limbs >= n_limbs) {
            *out = &k->key[i];
            return OK;
        }
    }
    return error_set(c->err, ERR_USAGE, "ckks: no key of element %zu for %zu limbs", element,
                     n_limbs);
}
