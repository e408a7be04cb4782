#define _GNU_SOURCE
#include "net/certs.h"

#include <limits.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "net/certificate.h"

/* Clocks differ a little. */
enum { EARLIER_SECONDS = 3600, DAY_SECONDS = 86400, SERIAL_BYTES = 16 };

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} pair;

static void pair_clear(pair *p)
{
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
    *p = (pair){0};
}

/* What OpenSSL fails on here is memory, or randomness. */
static status openssl_failed(error *err)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    error_set(err, ERR_RESOURCE, "a certificate cannot be made: %s", why ? why : "out of memory");
    ERR_clear_error();
    return ERR_RESOURCE;
}

/* A positive number of 126 random bits behind a set one. */
static bool set_serial(X509 *x, const uint8_t random[SERIAL_BYTES])
{
    uint8_t bytes[SERIAL_BYTES];
    memcpy(bytes, random, sizeof bytes);
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    const bool done = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    return done;
}

static bool set_name(X509 *x, const char *common)
{
    X509_NAME *name = X509_get_subject_name(x);
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const uint8_t *)"tacit", -1, -1,
                                      0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common, -1, -1,
                                      0) == 1;
}

typedef struct {
    int nid;
    const char *value;
} extension;

static bool add_extensions(X509 *x, X509 *issuer, const extension *e, size_t n)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, e[i].nid, e[i].value);
        const bool added = made && X509_add_ext(x, made, -1) == 1;
        X509_EXTENSION_free(made);
        if (!added) {
            return false;
        }
    }
    return true;
}

/* Whatever an authority's certificate and a party's have in common; signed by the issuer, or by
 * itself where there is none. */
static status make(pair *out, const pair *issuer, const char *common, const extension *e, size_t n,
                   size_t days, error *err)
{
    uint8_t serial[SERIAL_BYTES];
    TRY(random_bytes(serial, sizeof serial, err));
    *out = (pair){.certificate = X509_new(), .key = EVP_EC_gen("P-256")};
    X509 *x = out->certificate;
    const pair *by = issuer ? issuer : out;
    const bool done = x && out->key && X509_set_version(x, X509_VERSION_3) == 1 &&
                      set_serial(x, serial) && set_name(x, common) &&
                      X509_set_issuer_name(x, X509_get_subject_name(by->certificate)) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(x), -EARLIER_SECONDS) &&
                      X509_gmtime_adj(X509_getm_notAfter(x), (long)days * DAY_SECONDS) &&
                      X509_set_pubkey(x, out->key) == 1 &&
                      add_extensions(x, by->certificate, e, n) &&
                      X509_sign(x, by->key, EVP_sha256()) > 0;
    if (!done) {
        pair_clear(out);
        return openssl_failed(err);
    }
    return OK;
}

static status make_authority(pair *out, size_t days, error *err)
{
    static const extension e[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
    };
    return make(out, NULL, "tacit authority", e, sizeof e / sizeof *e, days, err);
}

static status make_party(pair *out, const pair *ca, role r, size_t days, error *err)
{
    char uri[64];
    snprintf(uri, sizeof uri, "URI:tacit://role/%s", role_name(r));
    const extension e[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth,clientAuth"},
        {NID_subject_alt_name, uri},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    return make(out, ca, role_name(r), e, sizeof e / sizeof *e, days, err);
}

/* The PEM that a BIO has gathered, to a new file dir/name.suffix. */
static status write_bio(BIO *bio, const char *dir, const char *name, const char *suffix, error *err)
{
    char file[32];
    snprintf(file, sizeof file, "%s.%s", name, suffix);
    char *path = file_join(dir, file);
    if (!path) {
        return error_memory(err);
    }
    char *bytes;
    const long len = BIO_get_mem_data(bio, &bytes);
    const status st = secret_file_create(path, bytes, (size_t)len, err);
    mem_free(path);
    return st;
}

static status write_pair(const pair *p, const char *dir, const char *name, error *err)
{
    BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_secmem());
    const bool laid_out =
        cert && key && PEM_write_bio_X509(cert, p->certificate) == 1 &&
        PEM_write_bio_PKCS8PrivateKey(key, p->key, NULL, NULL, 0, NULL, NULL) == 1;
    status st = laid_out ? OK : openssl_failed(err);
    if (st == OK) {
        st = write_bio(cert, dir, name, "pem", err);
    }
    if (st == OK) {
        st = write_bio(key, dir, name, "key", err);
    }
    BIO_free(cert);
    BIO_free(key); /* which wipes it */
    return st;
}

/* Take back what is there of a directory that could not be finished; it was made by this call. */
static void remove_pair(const char *dir, const char *name)
{
    static const char *const suffixes[] = {"pem", "key"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_MAX]; /* no memory is needed to clean up after its lack */
        const int len = snprintf(path, sizeof path, "%s/%s.%s", dir, name, suffixes[i]);
        if (len > 0 && (size_t)len < sizeof path) {
            unlink(path);
        }
    }
}

static void remove_parties(const char *dir, role_set roles)
{
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        if (role_in(roles, r)) {
            remove_pair(dir, role_name(r));
        }
    }
}

static void remove_all(const char *dir, role_set roles)
{
    remove_pair(dir, "ca");
    remove_parties(dir, roles);
    rmdir(dir);
}

static status make_parties(const char *dir, const pair *ca, role_set roles, size_t days, error *err)
{
    status st = OK;
    for (role r = ROLE_NONE + 1; r < ROLE_END && st == OK; r++) {
        if (role_in(roles, r)) {
            pair party = {0};
            st = make_party(&party, ca, r, days, err);
            if (st == OK) {
                st = write_pair(&party, dir, role_name(r), err);
            }
            pair_clear(&party);
        }
    }
    return st;
}

static status make_all(const char *dir, role_set roles, size_t days, error *err)
{
    pair ca;
    TRY(make_authority(&ca, days, err));
    status st = write_pair(&ca, dir, "ca", err);
    if (st == OK) {
        st = make_parties(dir, &ca, roles, days, err);
    }
    pair_clear(&ca);
    return st;
}

static status check_days(size_t days, error *err)
{
    return days >= 1 && days <= CERTS_MAX_DAYS
               ? OK
               : error_set(err, ERR_USAGE, "certificates for %zu days: from 1 to %d are possible",
                           days, CERTS_MAX_DAYS);
}

status certs_make(const char *dir, role_set roles, size_t days, error *err)
{
    TRY(check_days(days, err));
    TRY(secret_directory_create(dir, err));
    const status st = make_all(dir, roles, days, err);
    if (st != OK) {
        remove_all(dir, roles);
    }
    return st;
}

/* ---- further roles ---- */

static status read_authority(pair *out, const char *dir, error *err)
{
    char *cert = file_join(dir, "ca.pem"), *key = file_join(dir, "ca.key");
    status st = cert && key ? OK : error_memory(err);
    if (st == OK) {
        st = certificate_read(&out->certificate, cert, err);
    }
    if (st == OK) {
        st = certificate_read_key(&out->key, key, err);
    }
    if (st == OK && (X509_check_ca(out->certificate) != 1 ||
                     X509_check_private_key(out->certificate, out->key) != 1)) {
        st = error_set(err, ERR_AUTH, "%s: is no authority's, or not that of %s", cert, key);
    }
    ERR_clear_error();
    mem_free(cert);
    mem_free(key);
    return st;
}

/* No certificate outlives the one that signs it. */
static status limit_days(size_t *days, const pair *ca, const char *dir, error *err)
{
    int left = 0, seconds = 0;
    if (ASN1_TIME_diff(&left, &seconds, NULL, X509_get0_notAfter(ca->certificate)) != 1 ||
        left < 1) {
        ERR_clear_error();
        return error_set(err, ERR_AUTH, "%s/ca.pem: is good for less than a day", dir);
    }
    *days = *days < (size_t)left ? *days : (size_t)left;
    return OK;
}

static status check_absent(const char *dir, role_set roles, error *err)
{
    static const char *const suffixes[] = {"pem", "key"};
    for (role r = ROLE_NONE + 1; r < ROLE_END; r++) {
        for (size_t i = 0; i < 2 && role_in(roles, r); i++) {
            char name[32];
            snprintf(name, sizeof name, "%s.%s", role_name(r), suffixes[i]);
            if (file_exists_in(dir, name)) {
                return error_set(err, ERR_USAGE, "%s/%s: exists already", dir, name);
            }
        }
    }
    return OK;
}

status certs_add(const char *dir, role_set roles, size_t days, size_t *given, error *err)
{
    pair ca = {0};
    *given = days;
    TRY(check_days(days, err));
    TRY(check_absent(dir, roles, err));
    status st = read_authority(&ca, dir, err);
    if (st == OK) {
        st = limit_days(given, &ca, dir, err);
    }
    if (st == OK) {
        st = make_parties(dir, &ca, roles, *given, err);
        if (st != OK) {
            remove_parties(dir, roles);
        }
    }
    pair_clear(&ca);
    return st;
}
