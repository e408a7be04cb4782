/* ckks-keys.md Eq. (3)-(5) */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/keys.h"
#include "ckks/noise_parts.h"
#include "ckks/poly.h"
#include "ckks/security.h"

size_t ckks_switch_key_bytes(const ckks_context *ctx, size_t n_limbs)
{
    const size_t digits = (n_limbs + ctx->params.alpha - 1) / ctx->params.alpha;
    return 2 * digits * (ctx->params.n_special + n_limbs) * ctx->n * sizeof(uint64_t);
}

static status check_secure(ckks *c, size_t n_limbs)
{
    uint64_t primes[CKKS_MAX_PRIMES];
    const size_t n = c->ctx->params.n_special + n_limbs;
    for (size_t i = 0; i < n; i++) {
        primes[i] = c->ctx->ring->limb[i].m.q;
    }
    return c->ctx->params.insecure
               ? OK
               : ckks_security_check(c->ctx->params.log_n, primes, n, "ckks: a key", c->err);
}

status ckks_switch_key_room(ckks *c, ckks_switch_key *out, size_t element, size_t n_limbs)
{
    const ckks_context *x = c->ctx;
    CHECK(n_limbs >= 1 && n_limbs <= x->params.n_limbs && (element & 1) && element < 2 * x->n);
    *out = (ckks_switch_key){.ctx = x, .n_limbs = n_limbs, .element = element};
    TRY(check_secure(c, n_limbs));
    out->n_digits = (n_limbs + x->params.alpha - 1) / x->params.alpha;
    out->words = mem_new(ckks_switch_key_bytes(x, n_limbs), 1);
    const bool turns = element != CKKS_RELINEARISE;
    out->permute = turns ? mem_new(x->n, sizeof *out->permute) : NULL;
    if (!out->words || (turns && !out->permute)) {
        ckks_switch_key_clear(out);
        return error_memory(c->err);
    }
    if (turns) {
        ckks_automorphism_table(x->ring, out->permute, element);
    }
    return OK;
}

status ckks_switch_key_expand(ckks *c, ckks_switch_key *k)
{
    const size_t primes = c->ctx->params.n_special + k->n_limbs;
    for (size_t j = 0; j < k->n_digits; j++) {
        TRY(ckks_expand_seed(c, ckks_key_words(k, j, 1), k->seed, 1 + j, 0, primes));
    }
    return OK;
}

/* What the key leads from and to. Relinearisation: from s^2 to s. An automorphism is applied after
 * the switching, hence from s to what it will turn into s. */
typedef struct {
    const uint64_t *from, *to; /* over all primes, special ones first */
} leads;

static status leads_find(ckks *c, leads *out, const ckks_switch_key *k, const ckks_secret *s)
{
    const ckks_context *x = c->ctx;
    const ckks_basis b = ckks_key_basis(x, k->n_limbs);
    uint64_t *made = arena_take(c->hidden, b.n * x->n, sizeof *made);
    if (!made) {
        return error_memory(c->err);
    }
    if (k->element == CKKS_RELINEARISE) {
        ckks_poly_mul(x->ring, c->pool, &b, made, s->words, s->words);
        *out = (leads){.from = made, .to = s->words};
        return OK;
    }
    uint32_t *back = arena_take(c->tmp, x->n, sizeof *back);
    if (!back) {
        return error_memory(c->err);
    }
    for (size_t i = 0; i < x->n; i++) {
        back[k->permute[i]] = (uint32_t)i;
    }
    ckks_automorphism_ntt(x->ring, c->pool, &b, made, s->words, back);
    *out = (leads){.from = s->words, .to = made};
    return OK;
}

/* Digit j: (e - a to + [limb in digit j] P from, a). */
static status fill_digit(ckks *c, ckks_switch_key *k, size_t j, const leads *l,
                         const ckks_secret *s, uint64_t *noisy, uint64_t *scratch)
{
    const ckks_context *x = c->ctx;
    const size_t special = x->params.n_special, n = x->n;
    const ckks_basis b = ckks_key_basis(x, k->n_limbs);
    char purpose[64];
    snprintf(purpose, sizeof purpose, "ckks key error %zu %zu", k->element, j);
    TRY(ckks_small_sample(c, noisy, &b, CKKS_ERROR, s->seed, purpose));
    ckks_poly_mul(x->ring, c->pool, &b, scratch, ckks_key_words(k, j, 1), l->to);
    ckks_poly_sub(x->ring, c->pool, &b, noisy, noisy, scratch);
    const size_t first = j * x->params.alpha;
    const size_t behind =
        first + x->params.alpha < k->n_limbs ? first + x->params.alpha : k->n_limbs;
    const ckks_basis own = ckks_basis_range(special + first, behind - first);
    uint64_t factor[CKKS_MAX_LIMBS];
    for (size_t i = first; i < behind; i++) {
        const ckks_modulus *m = &x->ring->limb[special + i].m;
        factor[i - first] = 1;
        for (size_t t = 0; t < special; t++) {
            const uint64_t p = ckks_mod_word(m, x->ring->limb[t].m.q);
            factor[i - first] = ckks_mod_mul(m, factor[i - first], p);
        }
    }
    ckks_poly_mul_scalar_add(x->ring, c->pool, &own, noisy + (special + first) * n,
                             l->from + (special + first) * n, factor);
    memcpy(ckks_key_words(k, j, 0), noisy, b.n * n * sizeof *noisy);
    return OK;
}

static status fill(ckks *c, ckks_switch_key *k, const ckks_secret *s)
{
    const size_t words = (c->ctx->params.n_special + k->n_limbs) * c->ctx->n;
    uint64_t *noisy = arena_take(c->hidden, words, sizeof *noisy);
    uint64_t *scratch = arena_take(c->hidden, words, sizeof *scratch);
    if (!noisy || !scratch) {
        return error_memory(c->err);
    }
    char purpose[64];
    snprintf(purpose, sizeof purpose, "ckks key seed %zu", k->element);
    leads l;
    TRY(leads_find(c, &l, k, s));
    TRY(ckks_seed_derive(c, k->seed, s->seed, purpose));
    TRY(ckks_switch_key_expand(c, k));
    for (size_t j = 0; j < k->n_digits; j++) {
        TRY(fill_digit(c, k, j, &l, s, noisy, scratch));
    }
    return OK;
}

status ckks_switch_key_new(ckks *c, ckks_switch_key *out, const ckks_secret *s, size_t element,
                           size_t n_limbs)
{
    TRY(ckks_switch_key_room(c, out, element, n_limbs));
    const arena_mark_t mark = arena_mark(c->hidden), open = arena_mark(c->tmp);
    const status st = fill(c, out, s);
    arena_release(c->hidden, mark);
    arena_release(c->tmp, open);
    if (st != OK) {
        ckks_switch_key_clear(out);
    }
    return st;
}

void ckks_switch_key_clear(ckks_switch_key *k)
{
    mem_free(k->words);
    mem_free(k->permute);
    *k = (ckks_switch_key){0};
}
