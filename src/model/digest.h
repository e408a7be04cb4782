/** What a model is known by to parties that must have the same one. */
#ifndef TACIT_MODEL_DIGEST_H
#define TACIT_MODEL_DIGEST_H

#include "base/hash.h"
#include "model/model.h"

/** SHA-256 over config.json and, by rising names, over name, type, length and bytes of every
 * tensor that the model uses; how they are spread over files makes no difference. m was opened
 * whole. Cost: all of it is read once. */
status model_digest(uint8_t out[HASH_BYTES], const model *m, error *err) MUST_USE;

#endif
