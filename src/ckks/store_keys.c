/* docs/formats/ckks.md: keys, their second halves as seeds. */
#include <string.h>

#include "base/mem.h"
#include "ckks/store_parts.h"

size_t ckks_public_key_bytes(const ckks_context *ctx)
{
    return CKKS_STORE_HEADER + PRG_SEED_BYTES +
           ckks_limbs_bytes(ctx, ctx->params.n_special, ctx->params.n_limbs);
}

void ckks_public_key_write(uint8_t *out, const ckks_public_key *k)
{
    const ckks_params *p = &k->ctx->params;
    ckks_header_write(out, STORE_PUBLIC_KEY, k->ctx->hash);
    memcpy(out + CKKS_STORE_HEADER, k->seed, PRG_SEED_BYTES);
    ckks_limbs_write(out + CKKS_STORE_HEADER + PRG_SEED_BYTES, k->ctx, k->words[0], p->n_special,
                     p->n_limbs);
}

static status public_key_fill(ckks *c, ckks_public_key *k, const uint8_t *at)
{
    const ckks_params *p = &c->ctx->params;
    memcpy(k->seed, at, PRG_SEED_BYTES);
    TRY(ckks_limbs_read(k->words[0], c->ctx, at + PRG_SEED_BYTES, p->n_special, p->n_limbs,
                        c->err));
    return ckks_expand_seed(c, k->words[1], k->seed, 0, p->n_special, p->n_limbs);
}

status ckks_public_key_read(ckks *c, ckks_public_key *out, span in)
{
    *out = (ckks_public_key){0};
    TRY(ckks_header_check(in, STORE_PUBLIC_KEY, c->ctx, c->err));
    TRY(ckks_length_check(in, ckks_public_key_bytes(c->ctx), c->err));
    out->ctx = c->ctx;
    for (size_t i = 0; i < 2; i++) {
        out->words[i] = mem_new(c->ctx->params.n_limbs * c->ctx->n, sizeof(uint64_t));
    }
    const status st = out->words[0] && out->words[1]
                          ? public_key_fill(c, out, in.data + CKKS_STORE_HEADER)
                          : error_memory(c->err);
    if (st != OK) {
        ckks_public_key_clear(out);
    }
    return st;
}

/* ---- Evaluation keys: how many; then for each element, limbs, zero, seed, first halves */

enum { KEYS_FIELDS = 8, KEY_FIELDS = 16 + PRG_SEED_BYTES };

static size_t key_bytes(const ckks_context *ctx, size_t n_limbs)
{
    const size_t digits = (n_limbs + ctx->params.alpha - 1) / ctx->params.alpha;
    return KEY_FIELDS + digits * ckks_limbs_bytes(ctx, 0, ctx->params.n_special + n_limbs);
}

size_t ckks_keys_bytes(const ckks_keys *k)
{
    size_t bytes = CKKS_STORE_HEADER + KEYS_FIELDS;
    for (size_t i = 0; i < k->n; i++) {
        bytes += key_bytes(k->key[i].ctx, k->key[i].n_limbs);
    }
    return bytes;
}

static uint8_t *key_write(uint8_t *at, const ckks_switch_key *k)
{
    const size_t primes = k->ctx->params.n_special + k->n_limbs;
    ckks_write64(at, k->element);
    ckks_write32(at + 8, (uint32_t)k->n_limbs);
    ckks_write32(at + 12, 0);
    memcpy(at + 16, k->seed, PRG_SEED_BYTES);
    at += KEY_FIELDS;
    for (size_t j = 0; j < k->n_digits; j++) {
        ckks_limbs_write(at, k->ctx, ckks_key_words(k, j, 0), 0, primes);
        at += ckks_limbs_bytes(k->ctx, 0, primes);
    }
    return at;
}

void ckks_keys_write(uint8_t *out, const ckks_keys *k)
{
    CHECK(k->n > 0 && k->n <= CKKS_STORE_MAX_KEYS);
    ckks_header_write(out, STORE_KEYS, k->key[0].ctx->hash);
    ckks_write64(out + CKKS_STORE_HEADER, k->n);
    uint8_t *at = out + CKKS_STORE_HEADER + KEYS_FIELDS;
    for (size_t i = 0; i < k->n; i++) {
        at = key_write(at, &k->key[i]);
    }
}

/* The fields of the key at the front of `in`, which has all of its bytes. */
static status key_check(ckks *c, span in, uint64_t element_above, error *err)
{
    if (in.len < KEY_FIELDS) {
        return error_set(err, ERR_ARTEFACT, "ckks: a key is cut short");
    }
    const uint64_t element = ckks_read64(in.data);
    const uint32_t limbs = ckks_read32(in.data + 8);
    TRY(ckks_field_check("element", element, element_above + 1, 2 * c->ctx->n - 1, err));
    TRY(ckks_field_check("element's lowest bit", element & 1, 1, 1, err));
    TRY(ckks_field_check("limbs", limbs, 1, c->ctx->params.n_limbs, err));
    TRY(ckks_field_check("reserved", ckks_read32(in.data + 12), 0, 0, err));
    return in.len >= key_bytes(c->ctx, limbs)
               ? OK
               : error_set(err, ERR_ARTEFACT, "ckks: a key is cut short");
}

/* All keys, before memory is taken for any; elements rise, so that none comes twice. */
static status keys_check(ckks *c, span in, uint64_t n)
{
    span rest = {.data = in.data + CKKS_STORE_HEADER + KEYS_FIELDS,
                 .len = in.len - CKKS_STORE_HEADER - KEYS_FIELDS};
    uint64_t above = 0;
    for (uint64_t i = 0; i < n; i++) {
        TRY(key_check(c, rest, above, c->err));
        above = ckks_read64(rest.data);
        const size_t len = key_bytes(c->ctx, ckks_read32(rest.data + 8));
        rest = (span){.data = rest.data + len, .len = rest.len - len};
    }
    return ckks_length_check(rest, 0, c->err);
}

static status key_read(ckks *c, ckks_switch_key *out, const uint8_t **at)
{
    const size_t limbs = ckks_read32(*at + 8), primes = c->ctx->params.n_special + limbs;
    TRY(ckks_switch_key_room(c, out, (size_t)ckks_read64(*at), limbs));
    memcpy(out->seed, *at + 16, PRG_SEED_BYTES);
    *at += KEY_FIELDS;
    status st = OK;
    for (size_t j = 0; st == OK && j < out->n_digits; j++) {
        st = ckks_limbs_read(ckks_key_words(out, j, 0), c->ctx, *at, 0, primes, c->err);
        *at += ckks_limbs_bytes(c->ctx, 0, primes);
    }
    st = st == OK ? ckks_switch_key_expand(c, out) : st;
    if (st != OK) {
        ckks_switch_key_clear(out);
    }
    return st;
}

status ckks_keys_read(ckks *c, ckks_keys *out, span in)
{
    *out = (ckks_keys){0};
    TRY(ckks_header_check(in, STORE_KEYS, c->ctx, c->err));
    if (in.len < CKKS_STORE_HEADER + KEYS_FIELDS) {
        return ckks_length_check(in, CKKS_STORE_HEADER + KEYS_FIELDS, c->err);
    }
    const uint64_t n = ckks_read64(in.data + CKKS_STORE_HEADER);
    TRY(ckks_field_check("keys", n, 1, CKKS_STORE_MAX_KEYS, c->err));
    TRY(keys_check(c, in, n));
    out->key = mem_new(n, sizeof *out->key);
    if (!out->key) {
        return error_memory(c->err);
    }
    const uint8_t *at = in.data + CKKS_STORE_HEADER + KEYS_FIELDS;
    for (uint64_t i = 0; i < n; i++) {
        const status st = key_read(c, &out->key[i], &at);
        if (st != OK) {
            ckks_keys_clear(out);
            return st;
        }
        out->n++;
    }
    return OK;
}

/* ---- A capsule: for each of its keys, a seed and the first half over p and the key's limbs */

static size_t capsule_key_bytes(const ckks_context *ctx, size_t n_limbs)
{
    return PRG_SEED_BYTES + ckks_limbs_bytes(ctx, ctx->params.n_special - 1, 1 + n_limbs);
}

size_t ckks_capsule_stored_bytes(const ckks_context *ctx)
{
    return CKKS_STORE_HEADER + capsule_key_bytes(ctx, 1) +
           capsule_key_bytes(ctx, ctx->params.n_limbs);
}

void ckks_capsule_write(uint8_t *out, const ckks_capsule *k)
{
    const ckks_capsule_key *key[2] = {&k->in, &k->out};
    const ckks_context *ctx = k->in.ctx;
    ckks_header_write(out, STORE_CAPSULE, ctx->hash);
    out += CKKS_STORE_HEADER;
    for (size_t i = 0; i < 2; i++) {
        memcpy(out, key[i]->seed, PRG_SEED_BYTES);
        ckks_limbs_write(out + PRG_SEED_BYTES, ctx, key[i]->words[0], ctx->params.n_special - 1,
                         1 + key[i]->n_limbs);
        out += capsule_key_bytes(ctx, key[i]->n_limbs);
    }
}

static status capsule_fill(ckks *c, ckks_capsule *k, const uint8_t *at)
{
    ckks_capsule_key *key[2] = {&k->in, &k->out};
    for (size_t i = 0; i < 2; i++) {
        memcpy(key[i]->seed, at, PRG_SEED_BYTES);
        TRY(ckks_limbs_read(key[i]->words[0], c->ctx, at + PRG_SEED_BYTES,
                            c->ctx->params.n_special - 1, 1 + key[i]->n_limbs, c->err));
        TRY(ckks_capsule_expand(c, key[i]));
        at += capsule_key_bytes(c->ctx, key[i]->n_limbs);
    }
    return OK;
}

status ckks_capsule_read(ckks *c, ckks_capsule *out, span in)
{
    *out = (ckks_capsule){0};
    TRY(ckks_header_check(in, STORE_CAPSULE, c->ctx, c->err));
    TRY(ckks_length_check(in, ckks_capsule_stored_bytes(c->ctx), c->err));
    TRY(ckks_capsule_room(c, out));
    const status st = capsule_fill(c, out, in.data + CKKS_STORE_HEADER);
    if (st != OK) {
        ckks_capsule_clear(out);
    }
    return st;
}
