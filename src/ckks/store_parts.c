#include "ckks/store_parts.h"

#include <string.h>

enum { MAGIC_BYTES = 16, AT_VERSION = 16, AT_KIND = 20, AT_RESERVED = 24, AT_HASH = 32 };

static const char magic[MAGIC_BYTES] = "tacit ckks\n";

uint64_t ckks_read64(const uint8_t *b)
{
    uint64_t x = 0;
    for (size_t i = 8; i-- > 0;) {
        x = x << 8 | b[i];
    }
    return x;
}

uint32_t ckks_read32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

void ckks_write64(uint8_t *b, uint64_t x)
{
    for (size_t i = 0; i < 8; i++) {
        b[i] = (uint8_t)(x >> 8 * i);
    }
}

void ckks_write32(uint8_t *b, uint32_t x)
{
    for (size_t i = 0; i < 4; i++) {
        b[i] = (uint8_t)(x >> 8 * i);
    }
}

void ckks_header_write(uint8_t out[CKKS_STORE_HEADER], store_kind kind,
                       const uint8_t hash[HASH_BYTES])
{
    memcpy(out, magic, MAGIC_BYTES);
    ckks_write32(out + AT_VERSION, CKKS_STORE_VERSION);
    ckks_write32(out + AT_KIND, kind);
    ckks_write64(out + AT_RESERVED, 0);
    memcpy(out + AT_HASH, hash, HASH_BYTES);
}

status ckks_header_check(span in, store_kind kind, const ckks_context *ctx, error *err)
{
    if (in.len < CKKS_STORE_HEADER || memcmp(in.data, magic, MAGIC_BYTES) != 0) {
        return error_set(err, ERR_ARTEFACT, "ckks: these bytes are nothing of ckks");
    }
    const uint32_t version = ckks_read32(in.data + AT_VERSION);
    if (version != CKKS_STORE_VERSION) {
        return error_set(err, ERR_PROTOCOL, "ckks: version %u, this program reads %d", version,
                         CKKS_STORE_VERSION);
    }
    TRY(ckks_field_check("kind", ckks_read32(in.data + AT_KIND), kind, kind, err));
    TRY(ckks_field_check("reserved", ckks_read64(in.data + AT_RESERVED), 0, 0, err));
    if (ctx && !hash_equal(in.data + AT_HASH, ctx->hash)) {
        return error_set(err, ERR_ARTEFACT, "ckks: belongs to another context");
    }
    return OK;
}

status ckks_field_check(const char *name, uint64_t x, uint64_t low, uint64_t high, error *err)
{
    if (x < low || x > high) {
        return error_set(err, ERR_ARTEFACT, "ckks: field '%s' is %llu, must be %llu to %llu", name,
                         (unsigned long long)x, (unsigned long long)low, (unsigned long long)high);
    }
    return OK;
}

status ckks_length_check(span in, size_t len, error *err)
{
    return in.len == len
               ? OK
               : error_set(err, ERR_ARTEFACT, "ckks: %zu bytes, the fields say %zu", in.len, len);
}

size_t ckks_limbs_bytes(const ckks_context *ctx, size_t first, size_t n)
{
    size_t bytes = 0;
    for (size_t i = first; i < first + n; i++) {
        bytes += ctx->n / 8 * ctx->ring->limb[i].m.bits;
    }
    return bytes;
}

/* Words of b bits, the first in the lowest bits of the first byte. n is a multiple of 8. */
static uint8_t *pack(uint8_t *out, const uint64_t *x, size_t n, unsigned b)
{
    unsigned __int128 held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        held |= (unsigned __int128)x[i] << bits;
        for (bits += b; bits >= 8; bits -= 8) {
            *out++ = (uint8_t)held;
            held >>= 8;
        }
    }
    return out;
}

/* Returns whether all of them are below q. */
static bool unpack(uint64_t *x, const uint8_t **in, size_t n, unsigned b, uint64_t q)
{
    unsigned __int128 held = 0;
    unsigned bits = 0;
    bool below = true;
    for (size_t i = 0; i < n; i++) {
        for (; bits < b; bits += 8) {
            held |= (unsigned __int128)*(*in)++ << bits;
        }
        x[i] = (uint64_t)held & (((uint64_t)1 << b) - 1);
        held >>= b;
        bits -= b;
        below &= x[i] < q;
    }
    return below;
}

void ckks_limbs_write(uint8_t *out, const ckks_context *ctx, const uint64_t *x, size_t first,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out = pack(out, x + i * ctx->n, ctx->n, ctx->ring->limb[first + i].m.bits);
    }
}

status ckks_limbs_read(uint64_t *x, const ckks_context *ctx, const uint8_t *in, size_t first,
                       size_t n, error *err)
{
    for (size_t i = 0; i < n; i++) {
        const ckks_modulus *m = &ctx->ring->limb[first + i].m;
        if (!unpack(x + i * ctx->n, &in, ctx->n, m->bits, m->q)) {
            return error_set(err, ERR_ARTEFACT, "ckks: a residue is not below its prime");
        }
    }
    return OK;
}
