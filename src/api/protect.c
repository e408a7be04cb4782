/* The developer's step of STIP, and where its seed comes from. */
#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "stip/protect.h"

static status read_seed(uint8_t *seed, const char *path, error *err)
{
    secret file;
    TRY(secret_file_read(&file, path, STIP_SEED_BYTES, err));
    const bool fits = file.len == STIP_SEED_BYTES;
    if (fits) {
        memcpy(seed, file.data, STIP_SEED_BYTES);
    }
    const size_t len = file.len;
    secret_clear(&file);
    return fits ? OK
                : error_set(err, ERR_ARTEFACT, "%s: %zu bytes, a seed has %d", path, len,
                            STIP_SEED_BYTES);
}

static status get_seed(uint8_t *seed, const char **origin, const char *path, error *err)
{
    if (path && file_exists(path)) {
        *origin = "read";
        return read_seed(seed, path, err);
    }
    *origin = path ? "drawn and written" : "drawn and forgotten";
    TRY(random_bytes(seed, STIP_SEED_BYTES, err));
    return path ? secret_file_create(path, seed, STIP_SEED_BYTES, err) : OK;
}

static status report(char **json, const char *src, const char *dst, const tacit_protect_options *o,
                     const char *origin, error *err)
{
    uint8_t hash[HASH_BYTES];
    char hex[HASH_HEX_BYTES];
    TRY(stip_model_hash(hash, dst, err));
    hash_hex(hex, hash);
    return api_dump(json,
                    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "model", src, "written", dst, "key",
                              o->key, "seed", origin, "protected_model", hex, "note",
                              "a heuristic: whoever has the embedding tables, which every user "
                              "has, recovers texts; `tacit attack` measures it"),
                    err);
}

tacit_status tacit_protect(const char *src, const char *dst, const tacit_protect_options *o,
                           char **json, tacit_error *err)
{
    error inner = {0};
    uint8_t seed[STIP_SEED_BYTES];
    const char *origin;
    *json = NULL;
    status st = get_seed(seed, &origin, o->seed_file, &inner);
    if (st == OK) {
        st = stip_protect(src, dst, o->key, seed, &inner);
    }
    mem_wipe(seed, sizeof seed);
    if (st == OK) {
        st = report(json, src, dst, o, origin, &inner);
    }
    return api_return(err, st, &inner);
}
