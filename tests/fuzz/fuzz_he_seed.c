/* Bytes as a kept key's file, once as they are and once with the digest made right, and as the
 * he.json of an owner's directory and the small messages of a session. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "he/seed.h"
#include "party/he_place.h"
#include "party/he_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void parse(const uint8_t *data, size_t len)
{
    secret s;
    error err = {0};
    const status st = he_seed_parse(&s, (span){.data = data, .len = len}, "k", &err);
    if (st == OK) {
        CHECK(s.len == PRG_SEED_BYTES && memcmp(s.data, data + 24, s.len) == 0);
        secret_clear(&s);
    } else {
        CHECK((st == ERR_ARTEFACT || st == ERR_PROTOCOL) && err.code == st && err.text[0]);
        CHECK(!s.data);
    }
}

/* What is accepted is written again as it was. */
static void read_messages(const uint8_t in[HE_KEYS_BYTES])
{
    uint8_t again[HE_KEYS_BYTES];
    size_t x;
    he_key_set k;
    he_step_done p;
    if (he_ask_read(&x, in, NULL) == OK) {
        he_ask_write(again, x);
        CHECK(x > 0 && memcmp(again, in, HE_ASK_BYTES) == 0);
    }
    if (he_wanted_read(&x, in, 9, NULL) == OK) {
        he_wanted_write(again, x);
        CHECK((x == 0 || x == 9) && memcmp(again, in, HE_WANTED_BYTES) == 0);
    }
    if (he_keys_read(&k, in, NULL) == OK) {
        he_keys_write(again, &k);
        CHECK(k.place < HE_PLACES && memcmp(again, in, HE_KEYS_BYTES) == 0);
    }
    if (he_progress_read(&p, in, NULL) == OK) {
        he_progress_write(again, &p);
        CHECK(p.done < p.total && memcmp(again, in, HE_PROGRESS_BYTES) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t hash[HASH_BYTES];
    const span bytes = {.data = data, .len = len};
    parse(data, len);
    uint8_t *copy = malloc(len + HASH_BYTES);
    CHECK(copy);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    const span body = {.data = copy, .len = len};
    CHECK(hash_sha256(copy + len, &body, 1, NULL) == OK);
    parse(copy, len + HASH_BYTES);
    free(copy);
    (void)!he_place_decode(hash, bytes, "p", NULL);
    if (len >= HE_KEYS_BYTES) {
        read_messages(data);
    }
    return 0;
}
