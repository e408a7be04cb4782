/* Bytes as a key's file, once as they are and once with the digest made right, so that the fields
 * behind it are reached. What is accepted is a key in every respect. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stip/key.h"
#include "stip/permute.h"

static void check_key(const stip_key *k)
{
    uint8_t *seen = mem_new(STIP_KEY_MAX, 1);
    CHECK(seen && k->dim >= 1 && k->dim <= STIP_KEY_MAX && k->n_outputs <= STIP_KEY_MAX);
    CHECK(stip_is_permutation(k->hidden, k->dim, seen));
    CHECK(k->n_outputs == 0 || stip_is_permutation(k->outputs, k->n_outputs, seen));
    mem_free(seen);
}

static void parse(const uint8_t *data, size_t len)
{
    stip_key k;
    error err = {0};
    const status st = stip_key_parse(&k, (span){.data = data, .len = len}, "k", &err);
    if (st == OK) {
        check_key(&k);
        stip_key_clear(&k);
    } else {
        CHECK((st == ERR_ARTEFACT || st == ERR_PROTOCOL) && err.code == st && err.text[0]);
        CHECK(!k.memory.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    parse(data, len);
    uint8_t *copy = malloc(len + HASH_BYTES);
    CHECK(copy);
    memcpy(copy, data, len);
    const span body = {.data = copy, .len = len};
    CHECK(hash_sha256(copy + len, &body, 1, NULL) == OK);
    parse(copy, len + HASH_BYTES);
    free(copy);
    return 0;
}
