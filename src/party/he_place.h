/** The data owners' directory of a model that answers on ciphertexts: what they embed by, and which
 * model it belongs to. docs/formats/he-session.md. */
#ifndef TACIT_PARTY_HE_PLACE_H
#define TACIT_PARTY_HE_PLACE_H

#include "base/file.h"
#include "base/hash.h"
#include "model/model.h"

#define HE_PLACE_FILE "he.json"

enum { HE_PLACE_VERSION = 1, HE_PLACE_MAX_BYTES = 4096 };

/** Writes dst, which must not exist: tables of embeddings, the norm behind them, tokenizer, labels;
 * no other weight. *digest is that of the model. */
status he_place_make(uint8_t digest[HASH_BYTES], const char *src, const char *dst,
                     error *err) MUST_USE;

/** Which model the owner's m belongs to: m itself where it has all of its weights, else what its
 * directory says. */
status he_place_model(uint8_t digest[HASH_BYTES], const model *m, error *err) MUST_USE;

/** The bytes of dir/he.json, which `name` stands for in errors. ERR_ARTEFACT, ERR_PROTOCOL. */
status he_place_decode(uint8_t digest[HASH_BYTES], span bytes, const char *name,
                       error *err) MUST_USE;

#endif
