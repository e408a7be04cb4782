#include "he/seed.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret_file.h"

/* docs/formats/he.md: magic, version, zeros, seed, digest of all before it */
enum { MAGIC_BYTES = 16, AT_VERSION = 16, AT_RESERVED = 20, AT_SEED = 24 };
enum { AT_DIGEST = AT_SEED + PRG_SEED_BYTES };

static const char magic[MAGIC_BYTES] = "tacit he key\n";

status he_seed_new(secret *out, error *err)
{
    TRY(secret_new(out, PRG_SEED_BYTES, err));
    const status st = random_bytes(out->data, out->len, err);
    if (st != OK) {
        secret_clear(out);
    }
    return st;
}

static status digest(uint8_t out[HASH_BYTES], const uint8_t *file, error *err)
{
    const span body = {.data = file, .len = AT_DIGEST};
    return hash_sha256(out, &body, 1, err);
}

status he_seed_create(const char *path, const secret *seed, error *err)
{
    secret file;
    CHECK(seed->len == PRG_SEED_BYTES);
    TRY(secret_new(&file, HE_SEED_FILE_BYTES, err));
    memcpy(file.data, magic, MAGIC_BYTES);
    file.data[AT_VERSION] = HE_SEED_VERSION;
    memcpy(file.data + AT_SEED, seed->data, PRG_SEED_BYTES);
    status st = digest(file.data + AT_DIGEST, file.data, err);
    st = st == OK ? secret_file_create(path, file.data, file.len, err) : st;
    secret_clear(&file);
    return st;
}

status he_seed_parse(secret *out, span in, const char *path, error *err)
{
    static const uint8_t zeros[AT_SEED - AT_RESERVED];
    uint8_t said[HASH_BYTES];
    *out = (secret){0};
    if (in.len != HE_SEED_FILE_BYTES || memcmp(in.data, magic, MAGIC_BYTES) != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: is no key of the he protection", path);
    }
    const uint8_t *v = in.data + AT_VERSION;
    if (v[0] != HE_SEED_VERSION || v[1] || v[2] || v[3]) {
        return error_set(err, ERR_PROTOCOL, "%s: version %u, this program reads %d", path,
                         (unsigned)v[0] | (unsigned)v[1] << 8 | (unsigned)v[2] << 16 |
                             (unsigned)v[3] << 24,
                         HE_SEED_VERSION);
    }
    if (memcmp(in.data + AT_RESERVED, zeros, sizeof zeros) != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: the reserved field is not 0", path);
    }
    TRY(digest(said, in.data, err));
    if (!hash_equal(said, in.data + AT_DIGEST)) {
        return error_set(err, ERR_ARTEFACT, "%s: is damaged: its digest is another", path);
    }
    TRY(secret_new(out, PRG_SEED_BYTES, err));
    memcpy(out->data, in.data + AT_SEED, PRG_SEED_BYTES);
    return OK;
}

status he_seed_read(secret *out, const char *path, error *err)
{
    secret file;
    *out = (secret){0};
    TRY(secret_file_read(&file, path, HE_SEED_FILE_BYTES, err));
    const status st = he_seed_parse(out, (span){.data = file.data, .len = file.len}, path, err);
    secret_clear(&file);
    return st;
}

static status draw(uint8_t *out, size_t n, const secret *seed, const char *what, const char *hex,
                   error *err)
{
    char purpose[32 + HASH_HEX_BYTES];
    snprintf(purpose, sizeof purpose, "%s %s", what, hex);
    prg *p = prg_new(seed->data, purpose, err);
    if (!p) {
        return error_memory(err);
    }
    prg_bytes(p, out, n);
    prg_free(p);
    return OK;
}

status he_seed_for(uint8_t key[PRG_SEED_BYTES], uint8_t name[HASH_BYTES], const secret *seed,
                   span offer, error *err)
{
    uint8_t hash[HASH_BYTES];
    char hex[HASH_HEX_BYTES];
    TRY(hash_sha256(hash, &offer, 1, err));
    hash_hex(hex, hash);
    TRY(draw(name, HASH_BYTES, seed, "he name", hex, err));
    return draw(key, PRG_SEED_BYTES, seed, "he secret", hex, err);
}
