#include "party/mpc_sharing.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

static const char *const part_names[SHARED_PARTS] = {
    [SHARED_CONFIG] = "config",
    [SHARED_CONSTANTS] = "constants",
    [SHARED_PLAN] = "plan",
    [SHARED_MASKED] = "masked",
    [SHARED_SEED0] = "seed0",
    [SHARED_SEED1] = "seed1",
    [SHARED_OWNER_CONFIG] = "owner_config",
    [SHARED_OWNER_TABLES] = "owner_tables",
};

static span words(const char *s)
{
    return (span){.data = (const uint8_t *)s, .len = strlen(s)};
}

status mpc_sharing_seal(mpc_sharing *s, error *err)
{
    char terms[96];
    snprintf(terms, sizeof terms, "input_bits %u\nlabel_only %d\noblivious %d\n", s->input_bits,
             s->label_only, s->oblivious);
    const span pieces[] = {
        words("tacit mpc sharing 2\n"), words(terms), {.data = s->part[0], .len = sizeof s->part}};
    return hash_sha256(s->id, pieces, sizeof pieces / sizeof *pieces, err);
}

status mpc_sharing_commit(uint8_t out[HASH_BYTES], const uint8_t *seed, size_t len, error *err)
{
    const span pieces[] = {words("tacit mpc seed\n"), {.data = seed, .len = len}};
    return hash_sha256(out, pieces, 2, err);
}

status mpc_sharing_file_hash(uint8_t out[HASH_BYTES], const char *dir, const char *name, error *err)
{
    memset(out, 0, HASH_BYTES);
    if (!file_exists_in(dir, name)) {
        return OK;
    }
    char *path = file_join(dir, name);
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    status st = file_open(&file, path, SIZE_MAX, err);
    if (st == OK) {
        st = hash_sha256(out, &file.bytes, 1, err);
    }
    file_close(&file);
    mem_free(path);
    return st;
}

/* ---- the file ---- */

static json_t *sharing_json(const mpc_sharing *s)
{
    json_t *parts = json_object();
    bool ok = parts != NULL;
    for (size_t i = 0; ok && i < SHARED_PARTS; i++) {
        ok = json_object_set_new(parts, part_names[i], json_hash(s->part[i])) == 0;
    }
    if (!ok) {
        json_decref(parts);
        return NULL;
    }
    return json_pack("{s:i, s:s, s:o, s:i, s:b, s:b, s:o}", "mpc_sharing", MPC_SHARING_VERSION,
                     "role", role_name(s->who), "sharing", json_hash(s->id), "input_bits",
                     (int)s->input_bits, "label_only", (int)s->label_only, "oblivious",
                     (int)s->oblivious, "sha256", parts);
}

status mpc_sharing_write(const mpc_sharing *s, const char *dir, error *err)
{
    json_t *o = sharing_json(s);
    char *dump = o ? json_write(o, JSON_INDENT(2)) : NULL;
    char *path = file_join(dir, MPC_SHARING_FILE);
    const status st =
        dump && path ? file_write(path, dump, strlen(dump), 0600, err) : error_memory(err);
    json_decref(o);
    mem_free(dump);
    mem_free(path);
    return st;
}

static status read_fields(mpc_sharing *s, const json_t *o, const char *path, error *err)
{
    size_t version = 0, bits = 0;
    const char *name = NULL;
    json_t *parts = NULL;
    uint8_t said[HASH_BYTES];
    TRY(json_get_size(o, "mpc_sharing", true, 1, SIZE_MAX, &version, path, err));
    if (version != MPC_SHARING_VERSION) {
        return error_set(err, ERR_PROTOCOL, "%s: version %zu, this program reads %d", path, version,
                         MPC_SHARING_VERSION);
    }
    TRY(json_get_string(o, "role", true, &name, path, err));
    s->who = role_find(name, strlen(name));
    TRY(json_get_size(o, "input_bits", true, 1, 64, &bits, path, err));
    s->input_bits = (unsigned)bits;
    TRY(json_get_bool(o, "label_only", true, &s->label_only, path, err));
    TRY(json_get_bool(o, "oblivious", true, &s->oblivious, path, err));
    TRY(json_get_object(o, "sha256", true, &parts, path, err));
    for (size_t i = 0; i < SHARED_PARTS; i++) {
        TRY(json_get_hash(parts, part_names[i], s->part[i], path, err));
    }
    TRY(json_get_hash(o, "sharing", said, path, err));
    TRY(mpc_sharing_seal(s, err));
    if (!hash_equal(said, s->id)) {
        return error_set(err, ERR_ARTEFACT, "%s: field 'sharing' is not the id of its digests",
                         path);
    }
    return OK;
}

status mpc_sharing_decode(mpc_sharing *out, span bytes, const char *name, error *err)
{
    json_t *o = NULL;
    *out = (mpc_sharing){0};
    TRY(json_read(&o, bytes, name, err));
    const status st = read_fields(out, o, name, err);
    json_decref(o);
    return st;
}

status mpc_sharing_read(mpc_sharing *out, const char *dir, error *err)
{
    *out = (mpc_sharing){0};
    char *path = file_join(dir, MPC_SHARING_FILE);
    if (!path) {
        return error_memory(err);
    }
    file_map file = {0};
    status st = file_open(&file, path, MPC_SHARING_MAX_BYTES, err);
    if (st == OK) {
        st = mpc_sharing_decode(out, file.bytes, path, err);
    }
    file_close(&file);
    mem_free(path);
    return st;
}

status mpc_sharing_check_role(const mpc_sharing *s, role who, const char *dir, error *err)
{
    return s->who == who ? OK
                         : error_set(err, ERR_POLICY,
                                     "%s: is the part of %s; %s must neither have nor use it", dir,
                                     role_name(s->who), role_name(who));
}

status mpc_sharing_check_file(const mpc_sharing *s, mpc_shared_part part, const char *dir,
                              const char *name, error *err)
{
    uint8_t hash[HASH_BYTES];
    TRY(mpc_sharing_file_hash(hash, dir, name, err));
    return hash_equal(hash, s->part[part])
               ? OK
               : error_set(err, ERR_POLICY, "%s/%s: is not the file of this sharing", dir, name);
}
