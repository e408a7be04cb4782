/* The data owner's and the model owner's steps of he. */
#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "base/secret_file.h"
#include "he/seed.h"
#include "party/he_place.h"

static status make_key(const char *dir, error *err)
{
    secret seed = {0};
    char *path = file_join(dir, HE_SEED_FILE);
    status st = path ? he_seed_new(&seed, err) : error_memory(err);
    st = st == OK ? secret_directory_create(dir, err) : st;
    st = st == OK ? he_seed_create(path, &seed, err) : st;
    secret_clear(&seed);
    mem_free(path);
    return st;
}

tacit_status tacit_keygen(const char *dir, char **json, tacit_error *err)
{
    error inner = {0};
    *json = NULL;
    status st = make_key(dir, &inner);
    if (st == OK) {
        st = api_dump(json,
                      json_pack("{s:s, s:s}", "key", dir, "note",
                                "who has this directory reads what its owner sends and gets"),
                      &inner);
    }
    return api_return(err, st, &inner);
}

tacit_status tacit_share_embeddings(const char *src, const char *dst, char **json, tacit_error *err)
{
    error inner = {0};
    uint8_t digest[HASH_BYTES];
    char hex[HASH_HEX_BYTES];
    *json = NULL;
    status st = he_place_make(digest, src, dst, &inner);
    if (st == OK) {
        hash_hex(hex, digest);
        st = api_dump(
            json,
            json_pack("{s:s, s:s, s:{s:s}}", "model", src, "digest", hex, "written", "owner", dst),
            &inner);
    }
    return api_return(err, st, &inner);
}
