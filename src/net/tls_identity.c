#include "net/tls_identity.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/certificate.h"

/* The level of 128 bits: of keys, curves and hashes. */
enum { SECURITY_LEVEL = 3 };

/* dir/ca.pem, dir/ROLE.pem, dir/ROLE.key */
static char *path_of(const char *dir, const char *name, const char *suffix)
{
    char file[32];
    snprintf(file, sizeof file, "%s.%s", name, suffix);
    return file_join(dir, file);
}

static status read_parts(identity *id, const char *dir, error *err)
{
    char *ca = path_of(dir, "ca", "pem"), *cert = path_of(dir, role_name(id->mine), "pem");
    char *key = path_of(dir, role_name(id->mine), "key");
    status st = ca && cert && key ? OK : error_memory(err);
    if (st == OK) {
        st = certificate_read(&id->ca, ca, err);
    }
    if (st == OK) {
        st = certificate_read(&id->certificate, cert, err);
    }
    if (st == OK) {
        st = certificate_read_key(&id->key, key, err);
    }
    mem_free(ca);
    mem_free(cert);
    mem_free(key);
    return st;
}

/* Nothing but the one authority is believed, and rules are kept to the letter. */
static X509_STORE *store_of(X509 *ca)
{
    X509_STORE *store = X509_STORE_new();
    if (store && (X509_STORE_add_cert(store, ca) != 1 ||
                  X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT) != 1)) {
        X509_STORE_free(store);
        store = NULL;
    }
    return store;
}

static bool set_context(identity *id)
{
    SSL_CTX *c = id->context;
    X509_STORE *store = store_of(id->ca);
    if (!store) {
        return false;
    }
    SSL_CTX_set_cert_store(c, store); /* which takes it over */
    SSL_CTX_set_security_level(c, SECURITY_LEVEL);
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_verify_peer);
    SSL_CTX_set_verify_depth(c, 0);
    return SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(c, 0) == 1 && SSL_CTX_set_max_early_data(c, 0) == 1 &&
           SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                       "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_use_certificate(c, id->certificate) == 1 &&
           SSL_CTX_use_PrivateKey(c, id->key) == 1;
}

/* What a peer would refuse is refused here, where it can be said which file is wrong. */
static status check_own(const identity *id, const char *dir, error *err)
{
    const char *name = role_name(id->mine);
    role named;
    status st = certificate_role(&named, id->certificate, err);
    if (st == OK) {
        st = certificate_check_use(id->certificate, err);
    }
    if (st == OK && named != id->mine) {
        st = error_set(err, ERR_AUTH, "the certificate is for the role %s", role_name(named));
    }
    if (st == OK && X509_check_private_key(id->certificate, id->key) != 1) {
        ERR_clear_error();
        st = error_set(err, ERR_AUTH, "the certificate does not belong to %s.key", name);
    }
    X509_STORE *store = st == OK ? store_of(id->ca) : NULL;
    X509_STORE_CTX *check = st == OK ? X509_STORE_CTX_new() : NULL;
    if (st == OK &&
        (!store || !check || X509_STORE_CTX_init(check, store, id->certificate, NULL) != 1)) {
        st = error_memory(err);
    }
    if (st == OK && X509_verify_cert(check) != 1) {
        st = error_set(err, ERR_AUTH, "the certificate is not good: %s",
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    }
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    ERR_clear_error();
    if (st == ERR_AUTH) {
        error_prefix(err, "%s/%s.pem", dir, name);
    }
    return st;
}

status identity_new(identity **out, const char *dir, role mine, error *err)
{
    *out = NULL;
    crypto_begin();
    identity *id = mem_new(1, sizeof *id);
    if (!id) {
        return error_memory(err);
    }
    id->mine = mine;
    status st = read_parts(id, dir, err);
    if (st == OK) {
        st = check_own(id, dir, err);
    }
    if (st == OK && (!(id->context = SSL_CTX_new(TLS_method())) || !set_context(id))) {
        ERR_clear_error();
        st = error_set(err, ERR_RESOURCE, "%s: TLS cannot be set up for %s", dir, role_name(mine));
    }
    if (st != OK) {
        identity_free(id);
        return st;
    }
    *out = id;
    return OK;
}

void identity_free(identity *id)
{
    if (id) {
        SSL_CTX_free(id->context);
        X509_free(id->ca);
        X509_free(id->certificate);
        EVP_PKEY_free(id->key);
        mem_free(id);
    }
}

/* Signed by the authority and in force already; now whether it is the one that is expected. */
static status check_peer(peer_check *p, X509 *cert, error *err)
{
    TRY(certificate_check_use(cert, err));
    TRY(certificate_role(&p->found, cert, err));
    if (!role_in(p->expected, p->found)) {
        return error_set(err, ERR_AUTH, "the certificate is for the role %s", role_name(p->found));
    }
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key || EVP_PKEY_eq(key, p->me->key) == 1) {
        return error_set(err, ERR_AUTH, "the certificate has this party's own key");
    }
    return certificate_key_hash(p->key_hash, cert, err);
}

int tls_verify_peer(int fine, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    peer_check *p = SSL_get_app_data(ssl);
    if (!fine) {
        error_set(&p->why, ERR_AUTH, "the certificate is not good: %s",
                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
        return 0;
    }
    if (X509_STORE_CTX_get_error_depth(store) > 0) {
        return 1; /* the authority */
    }
    if (check_peer(p, X509_STORE_CTX_get_current_cert(store), &p->why) != OK) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return 1;
}
