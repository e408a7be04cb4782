/** tokenizer.json: the sections that make a tokenizer, each read by a file of its own.
 *
 * What is not supported is refused with the field and its value; sections that other programs use
 * (truncation, padding, decoder) are not looked at.
 */
#ifndef TACIT_MODEL_TOKENIZER_JSON_H
#define TACIT_MODEL_TOKENIZER_JSON_H

#include "base/json.h"
#include "model/tokenizer_source.h"

/** Fill a zeroed tokenizer. */
status tokenizer_read_json(tokenizer *t, const tokenizer_source *s, error *err) MUST_USE;

/** The sections, each of which may be NULL or null where the field may. */
status tokenizer_json_normaliser(tokenizer *t, const json_t *section, error *err) MUST_USE;
status tokenizer_json_split(tokenizer *t, const json_t *section, error *err) MUST_USE;
status tokenizer_json_model(tokenizer *t, const json_t *section, error *err) MUST_USE;
status tokenizer_json_added(tokenizer *t, const json_t *section, error *err) MUST_USE;
status tokenizer_json_post(tokenizer *t, const json_t *section, error *err) MUST_USE;

/** Pieces from an object token → id. */
status tokenizer_json_vocab(vocab *out, const json_t *tokens, const char *where,
                            error *err) MUST_USE;

span json_span(const json_t *string);

#endif
