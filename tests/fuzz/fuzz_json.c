/* JSON from a file that nobody vouches for: parsed as Jansson parses it, but for the differences
 * that json_parse.c names; then every field is asked for as every type. */
#include <float.h>
#include <string.h>

#include "base/json.h"

static void ask(const json_t *obj)
{
    const char *key;
    json_t *field;
    json_object_foreach((json_t *)(uintptr_t)obj, key, field)
    {
        size_t n = 0;
        double x = 0;
        bool b;
        const char *s;
        json_t *part;
        error err;
        if (json_get_size(obj, key, true, 1, 1000, &n, "f", &err) == OK) {
            CHECK(n >= 1 && n <= 1000);
        }
        if (json_get_double(obj, key, true, -1, DBL_MAX, &x, "f", &err) == OK) {
            CHECK(x >= -1 && x <= DBL_MAX);
        }
        if (json_get_bool(obj, key, true, &b, "f", &err) != OK) {
            CHECK(err.code == ERR_ARTEFACT && err.text[0] == 'f');
        }
        if (json_get_string(obj, key, true, &s, "f", &err) == OK) {
            CHECK(s != NULL);
        }
        if (json_get_array(obj, key, false, &part, "f", &err) == OK && part) {
            CHECK(json_is_array(part));
        }
        if (json_get_object(obj, key, false, &part, "f", &err) == OK && part) {
            ask(part);
        }
    }
}

static void compare(const json_t *doc, const error *why, const uint8_t *data, size_t len)
{
    json_error_t reason;
    json_t *other = json_loadb((const char *)data, len,
                               JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &reason);
    if (doc && other) {
        CHECK(json_equal(doc, other));
    } else if (doc) {
        CHECK(json_error_code(&reason) == json_error_numeric_overflow);
    } else if (other) {
        /* Jansson ends a document at a byte 0. */
        CHECK(memchr(data, 0, len) || strstr(why->text, "nested deeper") ||
              strstr(why->text, "more than 200 characters"));
    }
    json_decref(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    json_t *doc;
    error err = {0};
    const status st = json_parse(&doc, (span){.data = data, .len = len}, "f", &err);
    CHECK(st == OK ? doc != NULL : !doc && st == ERR_ARTEFACT && err.code == st);
    compare(doc, &err, data, len);
    if (json_is_object(doc)) {
        ask(doc);
    }
    json_decref(doc);
    return 0;
}
