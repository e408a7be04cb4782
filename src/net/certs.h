/** An authority and certificates for the parties, made in one go or added later.
 *
 * Keys are on P-256. A party's certificate names its role as the URI tacit://role/ROLE, is for
 * both ends of TLS and for nothing else. The directory and every file in it are their owner's
 * alone: ca.pem and ca.key, and ROLE.pem and ROLE.key for each role. A party needs ca.pem and its
 * own two; whoever holds ca.key can be any party.
 */
#ifndef TACIT_NET_CERTS_H
#define TACIT_NET_CERTS_H

#include "net/role.h"

enum { CERTS_MAX_DAYS = 3650 };

/** The directory is made and must not be there yet; nothing is left of it where this fails. 1 <=
 * days <= CERTS_MAX_DAYS, from an hour ago. ERR_USAGE, ERR_RESOURCE. */
status certs_make(const char *dir, role_set roles, size_t days, error *err) MUST_USE;

/** Further roles from the authority in dir, whose ca.key must be there: a certificate and a key for
 * each, none of which may be there yet. They are good for so many days, or for as long as the
 * authority's own certificate where that is shorter; *given says which. Nothing is added where this
 * fails. ERR_USAGE, ERR_AUTH, ERR_ARTEFACT, ERR_RESOURCE. */
status certs_add(const char *dir, role_set roles, size_t days, size_t *given, error *err) MUST_USE;

#endif
