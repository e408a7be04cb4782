/** Material: what a dealer has dealt beforehand, for inferences of given lengths, and written for
 * each server to carry away. docs/formats/mpc-material.md.
 *
 *   material.json   what it is for: the same at both servers, but for the role
 *   chains          the first state of each kind's chain; erased when a server takes it in use
 *   words.bin       server1: its words, each inference's sealed under its root
 *   journal         which inferences are used up; made when a server takes it in use
 */
#ifndef TACIT_PARTY_MPC_MATERIAL_H
#define TACIT_PARTY_MPC_MATERIAL_H

#include <stdbool.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/seal.h"
#include "mpc/engine.h"
#include "net/role.h"
#include "party/mpc_journal.h"

#define MPC_MATERIAL_FILE "material.json"
#define MPC_CHAINS_FILE   "chains"
#define MPC_WORDS_FILE    "words.bin"
#define MPC_JOURNAL_FILE  "journal"

enum {
    MPC_MATERIAL_VERSION = 2,
    MPC_MATERIAL_MAX_BYTES = 16 << 20,
    MPC_MATERIAL_SEQUENCES = 4096, /* of one kind */
    MPC_MATERIAL_COUNT = 1 << 24   /* inferences of one kind */
};

/** Inferences of the same lengths. */
typedef struct {
    size_t n_seqs;
    uint32_t *lengths;
    mpc_asks asks; /* with the comparisons that such an answer needs */
    uint64_t count;
    uint64_t words;          /* bytes dealt to server 1 in each */
    uint64_t offset, stride; /* of the first in words.bin, and from one to the next */
} mpc_kind;

typedef struct {
    role who;
    uint8_t sharing[HASH_BYTES];
    uint8_t nonce[HASH_BYTES]; /* drawn for this material */
    uint8_t id[HASH_BYTES];    /* of everything above and the kinds */
    size_t n;
    mpc_kind *kinds;
} mpc_material;

void mpc_material_clear(mpc_material *m); /* a zeroed one is fine */

/** Kinds from "5-20,12+7,64": lengths of one sequence, ranges of them, and of several sequences in
 * one inference, `count` inferences of each. ERR_USAGE. */
status mpc_material_parse(mpc_material *m, const char *lengths, mpc_asks asks, uint64_t count,
                          size_t max_tokens, error *err) MUST_USE;

/** Fill in the id. */
status mpc_material_seal(mpc_material *m, error *err) MUST_USE;

/** The bytes of a material.json, which `name` stands for in errors; errors as mpc_material_read. */
status mpc_material_decode(mpc_material *out, span bytes, const char *name, size_t max_tokens,
                           error *err) MUST_USE;

status mpc_material_write(const mpc_material *m, const char *dir, error *err) MUST_USE;
/** Every number is checked, and the id. ERR_ARTEFACT; ERR_PROTOCOL where it is of another version
 * of the program. */
status mpc_material_read(mpc_material *out, const char *dir, size_t max_tokens,
                         error *err) MUST_USE;

/** The key under which server 1's words of an inference are sealed. */
status mpc_material_key(uint8_t key[SEAL_KEY_BYTES], const uint8_t root[MPC_ROOT_BYTES],
                        error *err) MUST_USE;

#endif
