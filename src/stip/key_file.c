/* docs/formats/stip-key.md: 64 bytes of header, the two lists, a digest of all before it. */
#include <string.h>

#include "base/mem.h"
#include "base/secret_file.h"
#include "stip/key.h"
#include "stip/permute.h"

enum {
    MAGIC_BYTES = 16,
    AT_VERSION = 16,
    AT_DIM = 20,
    AT_OUTPUTS = 24,
    AT_RESERVED = 28,
    AT_MODEL = 32,
    AT_LISTS = 64,
};

static const char magic[MAGIC_BYTES] = "tacit stip key\n";

static uint32_t read_u32(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void write_u32(uint8_t *b, uint32_t x)
{
    for (size_t i = 0; i < 4; i++) {
        b[i] = (uint8_t)(x >> 8 * i);
    }
}

/* Everything that says how the rest is to be read; then its length. */
static status check_header(span b, const char *path, error *err)
{
    if (b.len < AT_LISTS + HASH_BYTES || memcmp(b.data, magic, MAGIC_BYTES) != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: is no key of the stip protection", path);
    }
    const uint32_t version = read_u32(b.data + AT_VERSION);
    if (version != STIP_KEY_VERSION) {
        return error_set(err, ERR_PROTOCOL, "%s: version %u, this program reads %d", path, version,
                         STIP_KEY_VERSION);
    }
    const uint32_t dim = read_u32(b.data + AT_DIM), outputs = read_u32(b.data + AT_OUTPUTS);
    if (dim < 1 || dim > STIP_KEY_MAX) {
        return error_set(err, ERR_ARTEFACT, "%s: field 'features' is %u, must be 1 to %d", path,
                         dim, STIP_KEY_MAX);
    }
    if (outputs > STIP_KEY_MAX) {
        return error_set(err, ERR_ARTEFACT, "%s: field 'outputs' is %u, must be 0 to %d", path,
                         outputs, STIP_KEY_MAX);
    }
    if (read_u32(b.data + AT_RESERVED) != 0) {
        return error_set(err, ERR_ARTEFACT, "%s: the reserved field is not 0", path);
    }
    const size_t len = AT_LISTS + 4 * ((size_t)dim + outputs) + HASH_BYTES;
    if (b.len != len) {
        return error_set(err, ERR_ARTEFACT, "%s: %zu bytes, the header says %zu", path, b.len, len);
    }
    return OK;
}

static status check_digest(span b, const char *path, error *err)
{
    uint8_t digest[HASH_BYTES];
    const span body = {.data = b.data, .len = b.len - HASH_BYTES};
    TRY(hash_sha256(digest, &body, 1, err));
    if (!hash_equal(digest, b.data + body.len)) {
        return error_set(err, ERR_ARTEFACT, "%s: is damaged: its digest is another", path);
    }
    return OK;
}

static status read_lists(uint32_t *out, span b, size_t n, const char *path, error *err)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = read_u32(b.data + AT_LISTS + 4 * i);
        if (out[i] >= STIP_KEY_MAX) {
            return error_set(err, ERR_ARTEFACT, "%s: entry %zu is out of range", path, i);
        }
    }
    return OK;
}

static status parse(stip_key *out, uint32_t *lists, span b, const char *path, error *err)
{
    const size_t dim = read_u32(b.data + AT_DIM), outputs = read_u32(b.data + AT_OUTPUTS);
    TRY(read_lists(lists, b, dim + outputs, path, err));
    const status st = stip_key_make(out, lists, dim, lists + dim, outputs, b.data + AT_MODEL, err);
    return st == ERR_USAGE
               ? error_set(err, ERR_ARTEFACT, "%s: a list in it is no permutation", path)
               : st;
}

status stip_key_parse(stip_key *out, span b, const char *path, error *err)
{
    *out = (stip_key){0};
    TRY(check_header(b, path, err));
    TRY(check_digest(b, path, err));
    secret lists;
    TRY(secret_new(&lists, b.len, err));
    const status st = parse(out, (uint32_t *)(void *)lists.data, b, path, err);
    secret_clear(&lists);
    return st;
}

status stip_key_read(stip_key *out, const char *path, error *err)
{
    secret file;
    *out = (stip_key){0};
    TRY(secret_file_read(&file, path, STIP_KEY_MAX_BYTES, err));
    const status st = stip_key_parse(out, (span){.data = file.data, .len = file.len}, path, err);
    secret_clear(&file);
    return st;
}

static status fill(uint8_t *b, size_t len, const stip_key *k, error *err)
{
    memcpy(b, magic, MAGIC_BYTES);
    write_u32(b + AT_VERSION, STIP_KEY_VERSION);
    write_u32(b + AT_DIM, (uint32_t)k->dim);
    write_u32(b + AT_OUTPUTS, (uint32_t)k->n_outputs);
    memcpy(b + AT_MODEL, k->model, HASH_BYTES);
    for (size_t i = 0; i < k->dim; i++) {
        write_u32(b + AT_LISTS + 4 * i, k->hidden[i]);
    }
    for (size_t i = 0; i < k->n_outputs; i++) {
        write_u32(b + AT_LISTS + 4 * (k->dim + i), k->outputs[i]);
    }
    const span body = {.data = b, .len = len - HASH_BYTES};
    return hash_sha256(b + body.len, &body, 1, err);
}

status stip_key_write(const stip_key *k, const char *path, error *err)
{
    const size_t len = AT_LISTS + 4 * (k->dim + k->n_outputs) + HASH_BYTES;
    secret file;
    TRY(secret_new(&file, len, err));
    status st = fill(file.data, len, k, err);
    if (st == OK) {
        st = secret_file_create(path, file.data, len, err);
    }
    secret_clear(&file);
    return st;
}
