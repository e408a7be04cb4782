#include "base/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"

enum { NONCE_BYTES = 12 };

struct seal {
    EVP_CIPHER_CTX *to, *from;
};

status seal_new(seal **out, const uint8_t key[SEAL_KEY_BYTES], error *err)
{
    seal *s = *out = mem_new(1, sizeof *s);
    if (!s) {
        return error_memory(err);
    }
    s->to = EVP_CIPHER_CTX_new();
    s->from = EVP_CIPHER_CTX_new();
    if (!s->to || !s->from || EVP_EncryptInit_ex(s->to, EVP_aes_256_gcm(), NULL, key, NULL) != 1 ||
        EVP_DecryptInit_ex(s->from, EVP_aes_256_gcm(), NULL, key, NULL) != 1) {
        ERR_clear_error();
        seal_free(s);
        *out = NULL;
        return error_memory(err);
    }
    return OK;
}

void seal_free(seal *s)
{
    if (s) {
        EVP_CIPHER_CTX_free(s->to);
        EVP_CIPHER_CTX_free(s->from);
        mem_free(s);
    }
}

static void nonce_of(uint8_t out[NONCE_BYTES], uint64_t number)
{
    for (size_t i = 0; i < NONCE_BYTES; i++) {
        out[i] = i < sizeof number ? (uint8_t)(number >> 8 * i) : 0;
    }
}

void seal_close(seal *s, uint64_t number, uint8_t *data, size_t len, uint8_t tag[SEAL_TAG_BYTES])
{
    uint8_t nonce[NONCE_BYTES];
    int done = 0, rest = 0;
    CHECK(len <= SEAL_MAX_BYTES);
    nonce_of(nonce, number);
    CHECK(EVP_EncryptInit_ex(s->to, NULL, NULL, NULL, nonce) == 1 &&
          EVP_EncryptUpdate(s->to, data, &done, data, (int)len) == 1 &&
          EVP_EncryptFinal_ex(s->to, data + done, &rest) == 1 &&
          EVP_CIPHER_CTX_ctrl(s->to, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, tag) == 1);
}

status seal_open(seal *s, uint64_t number, uint8_t *data, size_t len,
                 const uint8_t tag[SEAL_TAG_BYTES], error *err)
{
    uint8_t nonce[NONCE_BYTES];
    int done = 0, rest = 0;
    CHECK(len <= SEAL_MAX_BYTES);
    nonce_of(nonce, number);
    CHECK(EVP_DecryptInit_ex(s->from, NULL, NULL, NULL, nonce) == 1 &&
          EVP_DecryptUpdate(s->from, data, &done, data, (int)len) == 1 &&
          EVP_CIPHER_CTX_ctrl(s->from, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES,
                              (void *)(uintptr_t)tag) == 1);
    if (EVP_DecryptFinal_ex(s->from, data + done, &rest) != 1) {
        ERR_clear_error();
        mem_wipe(data, len);
        return error_set(err, ERR_ARTEFACT, "piece %ju is not what was written", (uintmax_t)number);
    }
    return OK;
}
