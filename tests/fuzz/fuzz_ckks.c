/* Bytes as each thing of docs/formats/ckks.md; the header is once left as it is and once made
 * right, so that the fields behind it are reached. What is accepted is written as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ckks/ckks.h"

static ckks_context *ctx;

static void same(const uint8_t *again, size_t len, span in)
{
    CHECK(len == in.len && memcmp(again, in.data, len) == 0);
}

static status read_cipher(ckks *c, span in)
{
    ckks_cipher x;
    TRY(ckks_cipher_read(c, &x, in));
    uint8_t *again = malloc(ckks_cipher_bytes(&x));
    CHECK(again);
    ckks_cipher_write(again, &x);
    same(again, ckks_cipher_bytes(&x), in);
    free(again);
    ckks_cipher_clear(&x);
    return OK;
}

static status read_keys(ckks *c, span in)
{
    ckks_keys x;
    TRY(ckks_keys_read(c, &x, in));
    uint8_t *again = malloc(ckks_keys_bytes(&x));
    CHECK(again);
    ckks_keys_write(again, &x);
    same(again, ckks_keys_bytes(&x), in);
    free(again);
    ckks_keys_clear(&x);
    return OK;
}

static status read_public_key(ckks *c, span in)
{
    ckks_public_key x;
    TRY(ckks_public_key_read(c, &x, in));
    uint8_t *again = malloc(ckks_public_key_bytes(ctx));
    CHECK(again);
    ckks_public_key_write(again, &x);
    same(again, ckks_public_key_bytes(ctx), in);
    free(again);
    ckks_public_key_clear(&x);
    return OK;
}

static status read_capsule(ckks *c, span in)
{
    ckks_capsule x;
    TRY(ckks_capsule_read(c, &x, in));
    uint8_t *again = malloc(ckks_capsule_stored_bytes(ctx));
    CHECK(again);
    ckks_capsule_write(again, &x);
    same(again, ckks_capsule_stored_bytes(ctx), in);
    free(again);
    ckks_capsule_clear(&x);
    return OK;
}

static status read_params(ckks *c, span in)
{
    ckks_context *x;
    TRY(ckks_context_read(&x, in, ctx->kernels, c->err));
    ckks_context_free(x);
    return OK;
}

typedef status reader(ckks *c, span in);

static void check(reader *read, const uint8_t *data, size_t len)
{
    ckks c;
    error err = {0};
    CHECK(ckks_open(&c, ctx, NULL, &err) == OK);
    const status st = read(&c, (span){.data = data, .len = len});
    CHECK(st == OK || ((st == ERR_ARTEFACT || st == ERR_PROTOCOL || st == ERR_POLICY) &&
                       err.code == st && err.text[0]));
    ckks_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static reader *const readers[] = {read_params, read_cipher, read_public_key, read_keys,
                                      read_capsule};
    static const uint32_t kinds[] = {1, 2, 3, 4, 6};
    static const ckks_params params = {.log_n = 3,
                                       .n_limbs = 2,
                                       .base_bits = 30,
                                       .scale_bits = 25,
                                       .special_bits = 34,
                                       .n_special = 1,
                                       .alpha = 1,
                                       .insecure = true};
    if (!ctx) {
        CHECK(ckks_context_new(&ctx, &params, ckks_kernels_for(ISA_REF), NULL) == OK);
    }
    const uint32_t version = CKKS_STORE_VERSION;
    uint8_t *copy = malloc(len + CKKS_STORE_HEADER);
    CHECK(copy);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        check(readers[i], data, len);
        if (i == 0) {
            continue; /* a context takes long to make */
        }
        memset(copy, 0, CKKS_STORE_HEADER);
        memcpy(copy, "tacit ckks\n", 11);
        memcpy(copy + 16, &version, sizeof version);
        memcpy(copy + 20, &kinds[i], sizeof kinds[i]);
        memcpy(copy + 32, ctx->hash, HASH_BYTES);
        memcpy(copy + CKKS_STORE_HEADER, data, len);
        check(readers[i], copy, len + CKKS_STORE_HEADER);
    }
    free(copy);
    return 0;
}
