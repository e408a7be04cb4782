/** Where other parties are: "server1=HOST:PORT,dealer=HOST:PORT". */
#ifndef TACIT_PARTY_PEERS_H
#define TACIT_PARTY_PEERS_H

#include "net/role.h"

enum { PEER_ADDRESS_BYTES = 320 };

typedef struct {
    char address[ROLE_END][PEER_ADDRESS_BYTES]; /* by role; "" where it is not named */
} peers;

/** From a list that names each of `wanted`, and no other role, once. list NULL: an empty one.
 * ERR_USAGE, saying how the list must be. */
status peers_parse(peers *out, const char *list, role_set wanted, error *err) MUST_USE;

#endif
