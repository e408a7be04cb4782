/** Who takes part. A role is one party's place in a protocol; its certificate says it as the URI
 * tacit://role/NAME, and every frame says from which role to which it goes. */
#ifndef TACIT_NET_ROLE_H
#define TACIT_NET_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** The numbers go over the wire (docs/formats/frames.md). */
typedef enum {
    ROLE_NONE = 0,
    ROLE_DEVELOPER = 1, /* owns the model */
    ROLE_OWNER = 2,     /* owns the data, begins sessions */
    ROLE_CLOUD = 3,     /* stip: runs the protected model */
    ROLE_SERVER0 = 4,   /* mpc: the two that hold shares */
    ROLE_SERVER1 = 5,
    ROLE_DEALER = 6,    /* mpc: deals correlated randomness */
    ROLE_HE_SERVER = 7, /* he: computes on ciphertexts */
    ROLE_END
} role;

/** Some of the roles: bit r stands for role r. */
typedef uint32_t role_set;

static inline role_set role_only(role r)
{
    return (role_set)1 << r;
}

static inline bool role_in(role_set set, role r)
{
    return (set >> r) & 1;
}

/** "owner"; "nobody" for what is none. */
const char *role_name(role r);

/** ROLE_NONE where no role has that name, len bytes long. */
role role_find(const char *name, size_t len);

/** "owner,cloud" to a set. ERR_USAGE on names that are none or come twice, and on an empty list. */
status role_parse_set(role_set *out, const char *list, error *err) MUST_USE;

#endif
