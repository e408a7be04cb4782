/** The developer's step: a model directory becomes two, one for the server and one for the owner.
 *
 * stip/ transforms model directories and says what that hides and what not; it may include base/,
 * net/, model/ and nn/. A protected directory is an ordinary model directory: whoever runs models
 * runs it, on x·π in place of x, and gets the answers in the order of π_c. docs/design/stip.md.
 */
#ifndef TACIT_STIP_PROTECT_H
#define TACIT_STIP_PROTECT_H

#include "stip/key.h"
#include "stip/permutations.h"

/** Name of the key in the owner's directory. */
#define STIP_KEY_FILE "stip.key"

/** Read src, draw permutations from the seed, and write
 *
 *   dst     for the server: config.json without names of labels, model.safetensors with every
 *           weight permuted and the tables of embeddings blank, what a pooled embedding needs
 *   owner   for the data owner, mode 0700: stip.key, config.json, model.safetensors with the
 *           tables alone, the tokenizer's files
 *
 * Both must not exist, and appear whole or not at all. Weights keep their type and are moved, not
 * computed with: what the server computes is what src computes but for the order of sums.
 *
 * Returns ERR_USAGE where a path is taken, ERR_ARTEFACT where src is no model, ERR_POLICY where it
 * is protected already or has a constant without a rule, ERR_RESOURCE. */
status stip_protect(const char *src, const char *dst, const char *owner,
                    const uint8_t seed[STIP_SEED_BYTES], error *err) MUST_USE;

/** Whether a directory's config.json says that it is a protected one. */
status stip_is_protected(bool *out, const char *dir, error *err) MUST_USE;

#endif
