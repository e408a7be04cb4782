/* Gives a party another's key: its certificate is made out for that key and signed anew.
 *
 * usage: same_key DIR ROLE OTHER
 *
 * DIR is what `tacit certs` wrote, with the authority's key. So one program can be two parties, as
 * far as certificates say; that is what peers have to notice.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

#include "net/certificate.h"

static int fail(const char *what)
{
    fprintf(stderr, "same_key: %s\n", what);
    return 1;
}

static const char *in(char path[512], const char *dir, const char *name, const char *suffix)
{
    snprintf(path, 512, "%s/%s.%s", dir, name, suffix);
    return path;
}

static int write_pair(const char *dir, const char *name, X509 *cert, EVP_PKEY *key)
{
    char path[512];
    FILE *f = fopen(in(path, dir, name, "pem"), "w"); /* files keep their mode */
    if (!f || PEM_write_X509(f, cert) != 1 || fclose(f) != 0) {
        return fail(path);
    }
    f = fopen(in(path, dir, name, "key"), "w");
    if (!f || PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0) {
        return fail(path);
    }
    return 0;
}

int main(int argc, char **argv)
{
    char path[512];
    X509 *cert = NULL;
    EVP_PKEY *ca = NULL, *key = NULL;
    error err = {0};
    if (argc != 4) {
        return fail("DIR ROLE OTHER");
    }
    if (certificate_read(&cert, in(path, argv[1], argv[2], "pem"), &err) != OK ||
        certificate_read_key(&key, in(path, argv[1], argv[3], "key"), &err) != OK ||
        certificate_read_key(&ca, in(path, argv[1], "ca", "key"), &err) != OK) {
        return fail(err.text);
    }
    const int signed_anew =
        X509_set_pubkey(cert, key) == 1 && X509_sign(cert, ca, EVP_sha256()) > 0;
    const int code = signed_anew ? write_pair(argv[1], argv[2], cert, key) : fail("cannot sign");
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca);
    return code;
}
