/* docs/formats/ckks.md */
#include "ckks/store.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/security.h"
#include "ckks/store_parts.h"

/* ---- Parameters */

void ckks_context_write(uint8_t out[CKKS_PARAMS_BYTES], const ckks_context *x)
{
    const ckks_params *p = &x->params;
    const unsigned fields[8] = {
        p->log_n,        p->n_limbs,   p->base_bits, p->scale_bits,
        p->special_bits, p->n_special, p->alpha,     p->n_wide | p->wide_bits << 8};
    ckks_header_write(out, STORE_PARAMS, x->hash);
    for (size_t i = 0; i < 8; i++) {
        ckks_write32(out + CKKS_STORE_HEADER + 4 * i, fields[i]);
    }
}

status ckks_context_read(ckks_context **out, span in, const ckks_kernels *kernels, error *err)
{
    *out = NULL;
    TRY(ckks_header_check(in, STORE_PARAMS, NULL, err));
    TRY(ckks_length_check(in, CKKS_PARAMS_BYTES, err));
    uint32_t f[8];
    for (size_t i = 0; i < 8; i++) {
        f[i] = ckks_read32(in.data + CKKS_STORE_HEADER + 4 * i);
    }
    const ckks_params p = {.log_n = f[0],
                           .n_limbs = f[1],
                           .base_bits = f[2],
                           .scale_bits = f[3],
                           .special_bits = f[4],
                           .n_special = f[5],
                           .alpha = f[6],
                           .n_wide = f[7] & 0xff,
                           .wide_bits = f[7] >> 8};
    status st = ckks_params_check(&p, err);
    if (st == OK) {
        /* Before anything is made: what nominal sizes already say is not secure. */
        const unsigned bits =
            p.base_bits + (p.n_limbs - 1) * (p.scale_bits - 1) + p.n_special * (p.special_bits - 1);
        st = bits > ckks_security_max_bits(p.log_n)
                 ? error_set(err, ERR_POLICY, "ckks: parameters of %u bits are not secure", bits)
                 : ckks_context_new(out, &p, kernels, err);
    }
    if (st == OK && !hash_equal((*out)->hash, in.data + CKKS_STORE_HEADER - HASH_BYTES)) {
        ckks_context_free(*out);
        *out = NULL;
        st = error_set(err, ERR_ARTEFACT, "ckks: the hash is not that of the parameters");
    }
    return st == ERR_USAGE ? error_set(err, ERR_ARTEFACT, "ckks: parameters out of range") : st;
}

/* ---- Ciphertexts: limbs, parts, slots, whether seeded; scale; seed; parts */

enum { CIPHER_FIELDS = 24, MAX_LOG_SCALE = 200 };

static size_t cipher_bytes(const ckks_context *ctx, size_t n_limbs, size_t n_parts, bool seeded)
{
    const size_t stored = seeded ? 1 : n_parts;
    return CKKS_STORE_HEADER + CIPHER_FIELDS + (seeded ? PRG_SEED_BYTES : 0) +
           stored * ckks_limbs_bytes(ctx, ctx->params.n_special, n_limbs);
}

size_t ckks_cipher_bytes(const ckks_cipher *x)
{
    return cipher_bytes(x->ctx, x->n_limbs, x->n_parts, x->seeded);
}

void ckks_cipher_write(uint8_t *out, const ckks_cipher *x)
{
    const ckks_context *ctx = x->ctx;
    const size_t first = ctx->params.n_special;
    uint64_t scale;
    ckks_header_write(out, STORE_CIPHER, ctx->hash);
    uint8_t *at = out + CKKS_STORE_HEADER;
    memcpy(&scale, &x->scale, sizeof scale);
    ckks_write32(at, (uint32_t)x->n_limbs);
    ckks_write32(at + 4, (uint32_t)x->n_parts);
    ckks_write32(at + 8, x->log_slots);
    ckks_write32(at + 12, x->seeded);
    ckks_write64(at + 16, scale);
    at += CIPHER_FIELDS;
    if (x->seeded) {
        memcpy(at, x->seed, PRG_SEED_BYTES);
        at += PRG_SEED_BYTES;
    }
    for (size_t i = 0; i < (x->seeded ? 1 : x->n_parts); i++) {
        ckks_limbs_write(at, ctx, x->part[i], first, x->n_limbs);
        at += ckks_limbs_bytes(ctx, first, x->n_limbs);
    }
}

static status read_parts(ckks *c, ckks_cipher *out, const uint8_t *at)
{
    const size_t first = c->ctx->params.n_special;
    if (out->seeded) {
        memcpy(out->seed, at, PRG_SEED_BYTES);
        TRY(ckks_expand_seed(c, out->part[1], out->seed, 0, first, out->n_limbs));
        return ckks_limbs_read(out->part[0], c->ctx, at + PRG_SEED_BYTES, first, out->n_limbs,
                               c->err);
    }
    for (size_t i = 0; i < out->n_parts; i++) {
        TRY(ckks_limbs_read(out->part[i], c->ctx, at, first, out->n_limbs, c->err));
        at += ckks_limbs_bytes(c->ctx, first, out->n_limbs);
    }
    return OK;
}

status ckks_cipher_read(ckks *c, ckks_cipher *out, span in)
{
    const ckks_params *p = &c->ctx->params;
    *out = (ckks_cipher){0};
    TRY(ckks_header_check(in, STORE_CIPHER, c->ctx, c->err));
    if (in.len < CKKS_STORE_HEADER + CIPHER_FIELDS) {
        return ckks_length_check(in, CKKS_STORE_HEADER + CIPHER_FIELDS, c->err);
    }
    const uint8_t *at = in.data + CKKS_STORE_HEADER;
    const uint32_t limbs = ckks_read32(at), parts = ckks_read32(at + 4);
    const uint32_t log_slots = ckks_read32(at + 8), seeded = ckks_read32(at + 12);
    const uint64_t bits = ckks_read64(at + 16);
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    TRY(ckks_field_check("limbs", limbs, 1, p->n_limbs, c->err));
    TRY(ckks_field_check("parts", parts, 2, CKKS_MAX_PARTS, c->err));
    TRY(ckks_field_check("log slots", log_slots, 0, p->log_n - 1, c->err));
    TRY(ckks_field_check("seeded", seeded, 0, parts == 2, c->err));
    if (!(scale >= 1 && scale <= ldexp(1, MAX_LOG_SCALE))) {
        return error_set(c->err, ERR_ARTEFACT, "ckks: field 'scale' is not 1 to 2^%d",
                         MAX_LOG_SCALE);
    }
    TRY(ckks_length_check(in, cipher_bytes(c->ctx, limbs, parts, seeded), c->err));
    TRY(ckks_cipher_new(out, c->ctx, limbs, parts, c->err));
    TRY(ckks_shape(c, out, limbs, parts, scale, log_slots));
    out->seeded = seeded;
    const status st = read_parts(c, out, at + CIPHER_FIELDS);
    if (st != OK) {
        ckks_cipher_clear(out);
    }
    return st;
}

/* ---- Secret keys */

void ckks_secret_write(uint8_t out[CKKS_SECRET_BYTES], const ckks_secret *s)
{
    ckks_header_write(out, STORE_SECRET, s->ctx->hash);
    memcpy(out + CKKS_STORE_HEADER, s->seed, PRG_SEED_BYTES);
}

status ckks_secret_read(ckks *c, ckks_secret *out, span in)
{
    *out = (ckks_secret){0};
    TRY(ckks_header_check(in, STORE_SECRET, c->ctx, c->err));
    TRY(ckks_length_check(in, CKKS_SECRET_BYTES, c->err));
    return ckks_secret_new(c, out, in.data + CKKS_STORE_HEADER);
}
