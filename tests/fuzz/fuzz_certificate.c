/* A certificate from anybody, in DER or in PEM: whose role it names, what it is for, its key. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/certificate.h"

static X509 *read_any(const uint8_t *data, size_t len)
{
    const uint8_t *at = data;
    X509 *x = d2i_X509(NULL, &at, (long)len);
    if (!x) {
        BIO *bio = BIO_new_mem_buf(data, (int)len);
        x = PEM_read_bio_X509(bio, NULL, NULL, "");
        BIO_free(bio);
    }
    ERR_clear_error();
    return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    X509 *x = read_any(data, len);
    if (!x) {
        return 0;
    }
    role r = ROLE_END;
    uint8_t hash[32];
    error err = {0};
    if (certificate_role(&r, x, &err) == OK) {
        CHECK(r > ROLE_NONE && r < ROLE_END);
    } else {
        CHECK(r == ROLE_NONE && err.code == ERR_AUTH && err.text[0]);
    }
    if (certificate_check_use(x, &err) == OK) {
        CHECK(X509_check_ca(x) == 0);
    }
    if (certificate_key_hash(hash, x, &err) != OK) {
        CHECK(err.code == ERR_RESOURCE);
    }
    CHECK(ERR_peek_error() == 0);
    X509_free(x);
    return 0;
}
