#include "net/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/file.h"
#include "base/secret_file.h"

enum { MAX_PEM_BYTES = 65536 };

static const char prefix[] = "tacit://role/";

static status role_of_name(role *out, const GENERAL_NAME *name, error *err)
{
    int type;
    const ASN1_IA5STRING *uri = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_URI) {
        return error_set(err, ERR_AUTH, "the certificate names something else than a role");
    }
    const char *text = (const char *)ASN1_STRING_get0_data(uri);
    const size_t len = (size_t)ASN1_STRING_length(uri), head = sizeof prefix - 1;
    if (len < head || memcmp(text, prefix, head) != 0) {
        return error_set(err, ERR_AUTH, "the certificate names something else than a role");
    }
    *out = role_find(text + head, len - head);
    if (*out == ROLE_NONE) {
        return error_set(err, ERR_AUTH, "the certificate is for a role that is not known");
    }
    return OK;
}

status certificate_role(role *out, const X509 *cert, error *err)
{
    *out = ROLE_NONE;
    int times;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &times, NULL);
    if (!names) {
        ERR_clear_error();
        return error_set(err, ERR_AUTH,
                         times == -1 ? "the certificate names no role"
                                     : "the certificate's names cannot be read");
    }
    const int n = sk_GENERAL_NAME_num(names);
    const status st =
        n == 1 ? role_of_name(out, sk_GENERAL_NAME_value(names, 0), err)
               : error_set(err, ERR_AUTH, "the certificate has %d names, not one role", n);
    GENERAL_NAMES_free(names);
    return st;
}

status certificate_check_use(X509 *cert, error *err)
{
    const uint32_t ends = XKU_SSL_SERVER | XKU_SSL_CLIENT;
    const uint32_t extended = X509_get_extended_key_usage(cert);
    const uint32_t usage = X509_get_key_usage(cert);
    const bool authority = X509_check_ca(cert) != 0;
    ERR_clear_error(); /* of an extension that cannot be read: then none of the three is had */
    if (extended == UINT32_MAX || (extended & ends) != ends) {
        return error_set(err, ERR_AUTH,
                         "the certificate is not for both ends of TLS (extended key usage)");
    }
    if (usage == UINT32_MAX || !(usage & KU_DIGITAL_SIGNATURE)) {
        return error_set(err, ERR_AUTH, "the certificate is not for signatures (key usage)");
    }
    if (authority) {
        return error_set(err, ERR_AUTH, "the certificate is an authority's");
    }
    return OK;
}

status certificate_key_hash(uint8_t out[32], const X509 *cert, error *err)
{
    uint8_t *der = NULL;
    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len <= 0) {
        ERR_clear_error();
        return error_memory(err);
    }
    SHA256(der, (size_t)len, out);
    OPENSSL_free(der);
    return OK;
}

/* A key under a password is refused, not asked for at the terminal. */
static int no_password(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

status certificate_read(X509 **out, const char *path, error *err)
{
    *out = NULL;
    file_map f;
    TRY(file_open(&f, path, MAX_PEM_BYTES, err));
    BIO *bio = BIO_new_mem_buf(f.bytes.data, (int)f.bytes.len);
    *out = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    X509 *second = *out ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    ERR_clear_error();
    status st = OK;
    if (!*out) {
        st = error_set(err, ERR_ARTEFACT, "%s: holds no certificate in PEM", path);
    } else if (second) {
        st = error_set(err, ERR_ARTEFACT, "%s: holds more than one certificate", path);
        X509_free(*out);
        *out = NULL;
    }
    X509_free(second);
    BIO_free(bio);
    file_close(&f);
    return st;
}

status certificate_read_key(EVP_PKEY **out, const char *path, error *err)
{
    *out = NULL;
    secret pem;
    TRY(secret_file_read(&pem, path, MAX_PEM_BYTES, err));
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    *out = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    ERR_clear_error();
    BIO_free(bio);
    secret_clear(&pem);
    if (!*out) {
        return error_set(err, ERR_ARTEFACT, "%s: holds no key in PEM without a password", path);
    }
    return OK;
}
