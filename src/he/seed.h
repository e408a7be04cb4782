/** The data owner's key as it is kept: a seed, in a file that nobody else may read.
 *
 * Source: docs/formats/he.md. Each offer has a secret key of its own, derived from the seed and the
 * offer's bytes, so that no server gets ciphertexts of two rings under related keys by offering
 * both.
 */
#ifndef TACIT_HE_SEED_H
#define TACIT_HE_SEED_H

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/secret.h"

#define HE_SEED_FILE "he.key"

enum { HE_SEED_VERSION = 1, HE_SEED_FILE_BYTES = 24 + PRG_SEED_BYTES + HASH_BYTES };

/** From the system's randomness; PRG_SEED_BYTES long. */
status he_seed_new(secret *out, error *err) MUST_USE;

/** A new file of mode 0600. */
status he_seed_create(const char *path, const secret *seed, error *err) MUST_USE;

/** ERR_AUTH where others may read the file, ERR_ARTEFACT where it is no such key or is damaged,
 * ERR_PROTOCOL where it is of another version. */
status he_seed_read(secret *out, const char *path, error *err) MUST_USE;

/** The same from its bytes, which path stands for in errors. */
status he_seed_parse(secret *out, span in, const char *path, error *err) MUST_USE;

/** What the secret key for that offer is made of, and a name by which its public keys may be known:
 * nothing of the one follows from the other. The caller wipes key. */
status he_seed_for(uint8_t key[PRG_SEED_BYTES], uint8_t name[HASH_BYTES], const secret *seed,
                   span offer, error *err) MUST_USE;

#endif
