#include "model/config_splice.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

/* The scanner walks over text that has been parsed as JSON already; it stops at the end anyway. */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(span s, size_t i)
{
    while (i < s.len && is_space(s.data[i])) {
        i++;
    }
    return i;
}

/* From a quote to behind the closing one. */
static size_t skip_string(span s, size_t i)
{
    for (i++; i < s.len && s.data[i] != '"'; i++) {
        i += s.data[i] == '\\';
    }
    return i < s.len ? i + 1 : s.len;
}

static size_t skip_value(span s, size_t i)
{
    size_t depth = 0;
    while (i < s.len) {
        const uint8_t c = s.data[i];
        if (c == '"') {
            i = skip_string(s, i);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c))) {
            return i;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        i++;
    }
    return i;
}

typedef struct {
    bool found, empty;
    size_t begin, end; /* of the value; where it is not found both are behind the last member */
} place;

static place find(span s, const char *key)
{
    const size_t len = strlen(key);
    place p = {.empty = true};
    size_t i = skip_space(s, 0) + 1;
    p.begin = p.end = i;
    for (i = skip_space(s, i); i < s.len && s.data[i] == '"'; i = skip_space(s, i)) {
        const size_t name = i + 1;
        i = skip_string(s, i);
        const bool same = i - name == len + 1 && memcmp(s.data + name, key, len) == 0;
        i = skip_space(s, skip_space(s, i) + 1); /* over the colon */
        p.begin = i;
        i = p.end = skip_value(s, i);
        p.empty = false;
        if (same) {
            p.found = true;
            return p;
        }
        i = skip_space(s, i) + 1; /* over the comma */
    }
    p.begin = p.end;
    return p;
}

/* The value, laid out for a place one level deep. */
static status append_value(text *out, const json_t *value)
{
    char *json = json_write(value, JSON_INDENT(2));
    if (!json) {
        return ERR_RESOURCE;
    }
    status st = OK;
    for (const char *line = json; st == OK && line;) {
        const char *end = strchr(line, '\n');
        st = text_append(out, line, end ? (size_t)(end - line) : strlen(line));
        if (st == OK && end) {
            st = text_append(out, "\n  ", 3);
        }
        line = end ? end + 1 : NULL;
    }
    mem_free(json);
    return st;
}

static status splice(text *out, span doc, const char *key, const json_t *value)
{
    const place p = find(doc, key);
    const char *const bytes = (const char *)doc.data;
    TRY(text_append(out, bytes, p.begin));
    if (!p.found) {
        TRY(text_printf(out, "%s\n  \"%s\": ", p.empty ? "" : ",", key));
    }
    TRY(append_value(out, value));
    if (p.empty) {
        TRY(text_append(out, "\n", 1));
    }
    return text_append(out, bytes + p.end, doc.len - p.end);
}

/* Whether out is doc with that field, as JSON: not so where the key is there spelled otherwise. */
static status check(const text *out, json_t *doc, const char *key, const json_t *value,
                    const char *path, error *err)
{
    json_t *after;
    const status st = json_read(&after, (span){(const uint8_t *)out->bytes, out->len}, path, err);
    if (st == ERR_RESOURCE || json_object_set(doc, key, (json_t *)(uintptr_t)value) != 0) {
        json_decref(after);
        return error_memory(err);
    }
    const bool same = st == OK && json_equal(doc, after);
    json_decref(after);
    return same ? OK
                : error_set(err, ERR_ARTEFACT, "%s: the field '%s' is spelled with escapes", path,
                            key);
}

status config_splice(text *out, span doc, const char *key, const json_t *value, const char *path,
                     error *err)
{
    json_t *before;
    TRY(json_read(&before, doc, path, err));
    status st = splice(out, doc, key, value);
    st = st == OK ? check(out, before, key, value, path, err) : error_memory(err);
    json_decref(before);
    return st;
}
