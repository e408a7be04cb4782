#include "base/json.h"

#include <math.h>
#include <string.h>

/* Jansson recurses, so depth is measured on the text before it is parsed. */
static status check_depth(span text, const char *name, error *err)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.data[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_MAX_DEPTH) {
                return error_set(err, ERR_ARTEFACT, "%s: nested deeper than %d", name,
                                 JSON_MAX_DEPTH);
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return OK;
}

static status parse(json_t **out, span text, size_t flags, const char *name, error *err)
{
    *out = NULL;
    TRY(check_depth(text, name, err));
    json_error_t why = {0}; /* its text stays empty where memory runs out at some places */
    *out = json_loadb((const char *)text.data, text.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | flags, &why);
    if (*out) {
        return OK;
    }
    if (why.text[0] == '\0' || json_error_code(&why) == json_error_out_of_memory) {
        return error_memory(err);
    }
    return error_set(err, ERR_ARTEFACT, "%s:%d:%d: not valid JSON: %s", name, why.line, why.column,
                     why.text);
}

static status read_object(json_t **out, span text, size_t flags, const char *name, error *err)
{
    TRY(parse(out, text, flags, name, err));
    if (!json_is_object(*out)) {
        json_decref(*out);
        *out = NULL;
        return error_set(err, ERR_ARTEFACT, "%s: must be a JSON object", name);
    }
    return OK;
}

status json_read(json_t **out, span text, const char *name, error *err)
{
    return read_object(out, text, 0, name, err);
}

status json_read_reals(json_t **out, span text, const char *name, error *err)
{
    return read_object(out, text, JSON_DECODE_INT_AS_REAL, name, err);
}

status json_read_array(json_t **out, span text, const char *name, error *err)
{
    TRY(parse(out, text, 0, name, err));
    if (!json_is_array(*out)) {
        json_decref(*out);
        *out = NULL;
        return error_set(err, ERR_ARTEFACT, "%s: must be a JSON array", name);
    }
    return OK;
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
