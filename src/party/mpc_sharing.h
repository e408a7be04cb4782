/** What binds the parts of one sharing: a file in each of them, and the id that it comes to.
 *
 * Source: docs/formats/mpc-share.md. The id is a digest over everything that the parties must have
 * alike, and over commitments to what only some of them have, so parts of different sharings never
 * meet.
 */
#ifndef TACIT_PARTY_MPC_SHARING_H
#define TACIT_PARTY_MPC_SHARING_H

#include <stdbool.h>

#include "base/file.h"
#include "base/hash.h"
#include "net/role.h"

/** Names in the directories. */
#define MPC_SHARING_FILE     "sharing.json"
#define MPC_PLAN_FILE        "plan.json"
#define MPC_MASKED_FILE      "masked.bin"
#define MPC_SEED_FILE        "seed"   /* a server's */
#define MPC_DEALER_SEED_FILE "seed%d" /* the dealer has both */

enum { MPC_SHARING_VERSION = 2, MPC_SHARING_MAX_BYTES = 1 << 16 };

/** Digests; zeros stand for a file that there is not. */
typedef enum {
    SHARED_CONFIG,    /* config.json of servers and dealer */
    SHARED_CONSTANTS, /* their model.safetensors */
    SHARED_PLAN,
    SHARED_MASKED,
    SHARED_SEED0, /* of "tacit mpc seed" and the seed */
    SHARED_SEED1,
    SHARED_OWNER_CONFIG,
    SHARED_OWNER_TABLES, /* the owner's model.safetensors */
    SHARED_PARTS
} mpc_shared_part;

typedef struct {
    role who;            /* whose directory it is in */
    unsigned input_bits; /* width of an input's words */
    bool label_only;     /* answers are labels alone */
    bool oblivious;      /* tables of embeddings are shared, and owners have none */
    uint8_t part[SHARED_PARTS][HASH_BYTES];
    uint8_t id[HASH_BYTES]; /* by mpc_sharing_seal */
} mpc_sharing;

/** Fill in the id. */
status mpc_sharing_seal(mpc_sharing *s, error *err) MUST_USE;

/** The digest of a seed that may be shown to everybody. */
status mpc_sharing_commit(uint8_t out[HASH_BYTES], const uint8_t *seed, size_t len,
                          error *err) MUST_USE;

/** The digest of dir/name; zeros where there is no such file. */
status mpc_sharing_file_hash(uint8_t out[HASH_BYTES], const char *dir, const char *name,
                             error *err) MUST_USE;

/** The bytes of such a file, which `name` stands for in errors. ERR_ARTEFACT; ERR_PROTOCOL where it
 * is of another version. */
status mpc_sharing_decode(mpc_sharing *out, span bytes, const char *name, error *err) MUST_USE;

/** dir/sharing.json. Reading checks that the id is that of the digests. */
status mpc_sharing_write(const mpc_sharing *s, const char *dir, error *err) MUST_USE;
status mpc_sharing_read(mpc_sharing *out, const char *dir, error *err) MUST_USE;

/** ERR_POLICY where the directory is another party's. */
status mpc_sharing_check_role(const mpc_sharing *s, role who, const char *dir, error *err) MUST_USE;

/** ERR_POLICY where dir/name is not the file that the sharing has as this part. */
status mpc_sharing_check_file(const mpc_sharing *s, mpc_shared_part part, const char *dir,
                              const char *name, error *err) MUST_USE;

#endif
