/** JSON from files that are not trusted: a parser with limits, and getters that name the file and
 * the field in each error. Values are Jansson's and keep its rules of ownership. */
#ifndef TACIT_BASE_JSON_H
#define TACIT_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/status.h"

enum { JSON_MAX_DEPTH = 64 };

/** Parse a whole document: RFC 8259, valid UTF-8, no key twice in an object, nothing behind the
 * value, at most JSON_MAX_DEPTH deep. Whole numbers beyond 64 bits become reals. `name` stands for
 * the document in errors. The caller owns *out. */
status json_parse(json_t **out, span text, const char *name, error *err) MUST_USE;

/** The same for a document whose top is an object, and for one whose top is an array. */
status json_read(json_t **out, span text, const char *name, error *err) MUST_USE;
status json_read_array(json_t **out, span text, const char *name, error *err) MUST_USE;

/** The text of a value, laid out by Jansson's flags (JSON_COMPACT, JSON_INDENT(2), …); NULL where
 * memory is lacking. To be given back with mem_free. Use this, not json_dumps, which leaves out
 * what it has no memory for. */
char *json_write(const json_t *value, size_t flags);

/** Getters. `where` is the file (and the path inside it) for the error. With required false an
 * absent or null field leaves *out as it is. Numbers outside [lo, hi] are errors. */
status json_get_size(const json_t *obj, const char *key, bool required, size_t lo, size_t hi,
                     size_t *out, const char *where, error *err) MUST_USE;
status json_get_double(const json_t *obj, const char *key, bool required, double lo, double hi,
                       double *out, const char *where, error *err) MUST_USE;
status json_get_bool(const json_t *obj, const char *key, bool required, bool *out,
                     const char *where, error *err) MUST_USE;
/** The string stays the document's. */
status json_get_string(const json_t *obj, const char *key, bool required, const char **out,
                       const char *where, error *err) MUST_USE;
/** A digest as lower-case hexadecimal digits; there must be one. */
status json_get_hash(const json_t *o, const char *key, uint8_t out[HASH_BYTES], const char *where,
                     error *err) MUST_USE;
/** NULL where memory is lacking. */
json_t *json_hash(const uint8_t hash[HASH_BYTES]);

/** The object or array stays the document's; NULL where it is absent and not required. */
status json_get_object(const json_t *obj, const char *key, bool required, json_t **out,
                       const char *where, error *err) MUST_USE;
status json_get_array(const json_t *obj, const char *key, bool required, json_t **out,
                      const char *where, error *err) MUST_USE;

#endif
