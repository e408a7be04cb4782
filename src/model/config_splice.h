/** Change one field of a JSON object as text, so that all the rest stays byte for byte. */
#ifndef TACIT_MODEL_CONFIG_SPLICE_H
#define TACIT_MODEL_CONFIG_SPLICE_H

#include <jansson.h>

#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

/** out becomes `doc`, the text of an object, with the field `key` set to value: in its place where
 * it is there, else behind the others. `path` stands for the document in errors. */
status config_splice(text *out, span doc, const char *key, const json_t *value, const char *path,
                     error *err) MUST_USE;

#endif
