/** Which role a certificate is for, and whether it is of the kind that parties have. */
#ifndef TACIT_NET_CERTIFICATE_H
#define TACIT_NET_CERTIFICATE_H

#include <openssl/x509.h>

#include "net/role.h"

/** The role in the subject alternative name, which is the URI tacit://role/NAME and nothing else.
 * ERR_AUTH where there is none, more than one, or no such role. */
status certificate_role(role *out, const X509 *cert, error *err) MUST_USE;

/** What a party's certificate must be beside being signed and in force: for either end of TLS, for
 * signatures, of no authority. ERR_AUTH. */
status certificate_check_use(X509 *cert, error *err) MUST_USE;

/** SHA-256 of the public key (its SubjectPublicKeyInfo). */
status certificate_key_hash(uint8_t out[32], const X509 *cert, error *err) MUST_USE;

/** The one certificate of a PEM file that anybody may read. */
status certificate_read(X509 **out, const char *path, error *err) MUST_USE;

/** The key of a PEM file that nobody but this user may read. */
status certificate_read_key(EVP_PKEY **out, const char *path, error *err) MUST_USE;

#endif
