/** Parameters, keys and ciphertexts as bytes: docs/formats/ckks.md.
 *
 * Everything begins with what it is and with the hash of the context that it belongs to, which must
 * be the reader's. Lengths follow from fields that are bounded, and are compared before memory is
 * taken; every residue is below its prime; what a seed gives is not stored. A thing that is read
 * and written again gives the same bytes.
 *
 * Readers: ERR_ARTEFACT names the field and its rule, ERR_PROTOCOL another version, ERR_RESOURCE.
 * They never read beyond `in`, whose whole length must be that of the thing.
 */
#ifndef TACIT_CKKS_STORE_H
#define TACIT_CKKS_STORE_H

#include "base/file.h"
#include "ckks/capsule.h"
#include "ckks/crypt.h"

enum { CKKS_STORE_VERSION = 1, CKKS_STORE_HEADER = 64, CKKS_STORE_MAX_KEYS = 4096 };

/** Parameters, of a fixed length. Reading checks them (params.h) and refuses insecure ones; whoever
 * makes a context of them compares its hash with that of the header: ckks_context_read does both.
 */
enum { CKKS_PARAMS_BYTES = CKKS_STORE_HEADER + 32 };
void ckks_context_write(uint8_t out[CKKS_PARAMS_BYTES], const ckks_context *x);
status ckks_context_read(ckks_context **out, span in, const ckks_kernels *kernels,
                         error *err) MUST_USE;

size_t ckks_cipher_bytes(const ckks_cipher *x);
void ckks_cipher_write(uint8_t *out, const ckks_cipher *x);
/** out is new, with room for what it holds. */
status ckks_cipher_read(ckks *c, ckks_cipher *out, span in) MUST_USE;

size_t ckks_public_key_bytes(const ckks_context *ctx);
void ckks_public_key_write(uint8_t *out, const ckks_public_key *k);
status ckks_public_key_read(ckks *c, ckks_public_key *out, span in) MUST_USE;

size_t ckks_keys_bytes(const ckks_keys *k);
void ckks_keys_write(uint8_t *out, const ckks_keys *k);
status ckks_keys_read(ckks *c, ckks_keys *out, span in) MUST_USE;

/** The two keys of a sparse secret; rotations of bootstrapping go as other keys do. */
size_t ckks_capsule_stored_bytes(const ckks_context *ctx);
void ckks_capsule_write(uint8_t *out, const ckks_capsule *k);
status ckks_capsule_read(ckks *c, ckks_capsule *out, span in) MUST_USE;

/** A secret key is its seed: out and in are memory for secrets (base/secret.h), and a file of them
 * is one of base/secret_file.h. */
enum { CKKS_SECRET_BYTES = CKKS_STORE_HEADER + PRG_SEED_BYTES };
void ckks_secret_write(uint8_t out[CKKS_SECRET_BYTES], const ckks_secret *s);
status ckks_secret_read(ckks *c, ckks_secret *out, span in) MUST_USE;

#endif
