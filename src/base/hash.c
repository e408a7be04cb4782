#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"

static bool digest(uint8_t *out, EVP_MD_CTX *c, const span *pieces, size_t n)
{
    bool ok = EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < n; i++) {
        ok = EVP_DigestUpdate(c, pieces[i].data, pieces[i].len) == 1;
    }
    return ok && EVP_DigestFinal_ex(c, out, NULL) == 1;
}

status hash_sha256(uint8_t out[HASH_BYTES], const span *pieces, size_t n, error *err)
{
    crypto_begin();
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    const bool ok = c && digest(out, c, pieces, n);
    EVP_MD_CTX_free(c);
    if (!ok) {
        ERR_clear_error(); /* OpenSSL's own store, which others read after their failures */
        return error_memory(err);
    }
    return OK;
}

bool hash_equal(const uint8_t a[HASH_BYTES], const uint8_t b[HASH_BYTES])
{
    return CRYPTO_memcmp(a, b, HASH_BYTES) == 0;
}

void hash_hex(char out[HASH_HEX_BYTES], const uint8_t hash[HASH_BYTES])
{
    for (size_t i = 0; i < HASH_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_from_hex(uint8_t out[HASH_BYTES], const char *hex)
{
    bool good = strlen(hex) == 2 * HASH_BYTES;
    for (size_t i = 0; good && i < HASH_BYTES; i++) {
        const int hi = digit(hex[2 * i]), lo = digit(hex[2 * i + 1]);
        good = hi >= 0 && lo >= 0;
        out[i] = (uint8_t)(16 * hi + lo);
    }
    return good;
}
