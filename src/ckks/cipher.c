#include "ckks/cipher.h"

#include <string.h>

#include "base/mem.h"

status ckks_open(ckks *c, const ckks_context *ctx, pool *threads, error *err)
{
    *c = (ckks){.ctx = ctx, .pool = threads, .err = err};
    c->tmp = arena_new_public();
    c->hidden = arena_new();
    if (!c->tmp || !c->hidden) {
        ckks_close(c);
        return error_memory(err);
    }
    return OK;
}

void ckks_close(ckks *c)
{
    arena_free(c->tmp);
    arena_free(c->hidden);
    *c = (ckks){0};
}

status ckks_take(ckks *c, uint64_t **out, size_t n)
{
    *out = arena_take(c->tmp, n, sizeof **out);
    return *out ? OK : error_memory(c->err);
}

void ckks_plain_clear(ckks_plain *x)
{
    mem_free(x->words);
    *x = (ckks_plain){0};
}

status ckks_cipher_new(ckks_cipher *out, const ckks_context *ctx, size_t n_limbs, size_t n_parts,
                       error *err)
{
    CHECK(n_parts >= 2 && n_parts <= CKKS_MAX_PARTS && n_limbs >= 1);
    CHECK(n_limbs <= ctx->params.n_limbs);
    *out = (ckks_cipher){.ctx = ctx, .capacity = n_limbs};
    for (size_t i = 0; i < n_parts; i++) {
        out->part[i] = mem_new(n_limbs * ctx->n, sizeof *out->part[i]);
        if (!out->part[i]) {
            ckks_cipher_clear(out);
            return error_memory(err);
        }
    }
    return OK;
}

status ckks_cipher_take(ckks *c, ckks_cipher *out, size_t n_limbs, size_t n_parts)
{
    CHECK(n_parts >= 2 && n_parts <= CKKS_MAX_PARTS && n_limbs >= 1);
    CHECK(n_limbs <= c->ctx->params.n_limbs);
    *out = (ckks_cipher){.ctx = c->ctx, .capacity = n_limbs};
    for (size_t i = 0; i < n_parts; i++) {
        TRY(ckks_take(c, &out->part[i], n_limbs * c->ctx->n));
    }
    return OK;
}

void ckks_cipher_clear(ckks_cipher *x)
{
    for (size_t i = 0; i < CKKS_MAX_PARTS; i++) {
        mem_free(x->part[i]);
    }
    *x = (ckks_cipher){0};
}

status ckks_shape(ckks *c, ckks_cipher *z, size_t n_limbs, size_t n_parts, double scale,
                  unsigned log_slots)
{
    CHECK(z->ctx == c->ctx);
    if (n_limbs < 1 || n_limbs > z->capacity || !z->part[n_parts - 1]) {
        return error_set(c->err, ERR_USAGE,
                         "ckks: a ciphertext with room for %zu limbs cannot take %zu parts of %zu",
                         z->capacity, n_parts, n_limbs);
    }
    z->n_limbs = n_limbs;
    z->n_parts = n_parts;
    z->scale = scale;
    z->log_slots = log_slots;
    z->seeded = false;
    return OK;
}

status ckks_copy(ckks *c, ckks_cipher *z, const ckks_cipher *x, size_t n_limbs)
{
    CHECK(n_limbs >= 1 && n_limbs <= x->n_limbs);
    const bool seeded = x->seeded;
    TRY(ckks_shape(c, z, n_limbs, x->n_parts, x->scale, x->log_slots));
    z->seeded = seeded; /* each limb has a stream of its own */
    memcpy(z->seed, x->seed, sizeof z->seed);
    for (size_t i = 0; i < x->n_parts && z != x; i++) {
        memcpy(z->part[i], x->part[i], n_limbs * c->ctx->n * sizeof *z->part[i]);
    }
    return OK;
}
