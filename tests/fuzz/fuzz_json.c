/* JSON from a file that nobody vouches for: parsed, then every field asked for as every type. */
#include <float.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    json_t *doc;
    error err = {0};
    if (json_read(&doc, (span){.data = data, .len = len}, "f", &err) == OK) {
        ask(doc);
        json_decref(doc);
    } else {
        CHECK(!doc && err.code == ERR_ARTEFACT);
    }
    return 0;
}
