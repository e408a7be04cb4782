#include "base/json.h"

#include <math.h>
#include <string.h>

static status refuse(json_t **doc, const char *name, const char *kind, error *err)
{
    json_decref(*doc);
    *doc = NULL;
    return error_set(err, ERR_ARTEFACT, "%s: must be a JSON %s", name, kind);
}

status json_read(json_t **out, span text, const char *name, error *err)
{
    TRY(json_parse(out, text, name, err));
    return json_is_object(*out) ? OK : refuse(out, name, "object", err);
}

status json_read_array(json_t **out, span text, const char *name, error *err)
{
    TRY(json_parse(out, text, name, err));
    return json_is_array(*out) ? OK : refuse(out, name, "array", err);
}

/* *field is NULL where it is absent or null and that is allowed. */
static status find(const json_t *obj, const char *key, bool required, const json_t **field,
                   const char *where, error *err)
{
    *field = json_object_get(obj, key);
    if (json_is_null(*field)) {
        *field = NULL;
    }
    if (!*field && required) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' is missing", where, key);
    }
    return OK;
}

status json_get_size(const json_t *obj, const char *key, bool required, size_t lo, size_t hi,
                     size_t *out, const char *where, error *err)
{
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (!field) {
        return OK;
    }
    if (!json_is_integer(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be an integer", where, key);
    }
    const json_int_t n = json_integer_value(field);
    if (n < 0 || (uintmax_t)n < lo || (uintmax_t)n > hi) {
        return error_set(err, ERR_ARTEFACT,
                         "%s: field '%s' is %" JSON_INTEGER_FORMAT ", must be in %zu..%zu", where,
                         key, n, lo, hi);
    }
    *out = (size_t)n;
    return OK;
}

status json_get_double(const json_t *obj, const char *key, bool required, double lo, double hi,
                       double *out, const char *where, error *err)
{
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (!field) {
        return OK;
    }
    if (!json_is_number(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be a number", where, key);
    }
    const double x = json_number_value(field);
    if (!isfinite(x) || x < lo || x > hi) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' is %g, must be in [%g, %g]", where, key,
                         x, lo, hi);
    }
    *out = x;
    return OK;
}

status json_get_bool(const json_t *obj, const char *key, bool required, bool *out,
                     const char *where, error *err)
{
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (!field) {
        return OK;
    }
    if (!json_is_boolean(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be true or false", where, key);
    }
    *out = json_is_true(field);
    return OK;
}

status json_get_string(const json_t *obj, const char *key, bool required, const char **out,
                       const char *where, error *err)
{
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (!field) {
        return OK;
    }
    if (!json_is_string(field) || strlen(json_string_value(field)) != json_string_length(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be a string without NUL", where,
                         key);
    }
    *out = json_string_value(field);
    return OK;
}

status json_get_hash(const json_t *o, const char *key, uint8_t out[HASH_BYTES], const char *where,
                     error *err)
{
    const char *s = NULL;
    TRY(json_get_string(o, key, true, &s, where, err));
    return hash_from_hex(out, s)
               ? OK
               : error_set(err, ERR_ARTEFACT, "%s: field '%s' must be %d hexadecimal digits", where,
                           key, 2 * HASH_BYTES);
}

json_t *json_hash(const uint8_t hash[HASH_BYTES])
{
    char hex[HASH_HEX_BYTES];
    hash_hex(hex, hash);
    return json_string(hex);
}

status json_get_object(const json_t *obj, const char *key, bool required, json_t **out,
                       const char *where, error *err)
{
    *out = NULL;
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (field && !json_is_object(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be an object", where, key);
    }
    *out = field ? json_object_get(obj, key) : NULL;
    return OK;
}

status json_get_array(const json_t *obj, const char *key, bool required, json_t **out,
                      const char *where, error *err)
{
    *out = NULL;
    const json_t *field;
    TRY(find(obj, key, required, &field, where, err));
    if (field && !json_is_array(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: field '%s' must be an array", where, key);
    }
    *out = field ? json_object_get(obj, key) : NULL;
    return OK;
}
