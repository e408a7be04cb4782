#include "base/mem.h"
#include "stip/key.h"

static status file_hash(uint8_t *out, const char *dir, const char *name, error *err)
{
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

status stip_model_hash(uint8_t out[HASH_BYTES], const char *dir, error *err)
{
    uint8_t digests[2 * HASH_BYTES];
    TRY(file_hash(digests, dir, "config.json", err));
    TRY(file_hash(digests + HASH_BYTES, dir, "model.safetensors", err));
    return hash_sha256(out, &(span){.data = digests, .len = sizeof digests}, 1, err);
}
