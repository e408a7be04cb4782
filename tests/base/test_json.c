#include "test.h"

#include "base/json.h"

static span text_span(const char *s)
{
    return (span){.data = (const uint8_t *)s, .len = strlen(s)};
}

static void test_read_refuses_what_is_no_object(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "not valid JSON"},
        {"{", "not valid JSON"},
        {"{\"a\": 1", "not valid JSON"},
        {"{\"a\": 1} x", "not valid JSON"},
        {"{\"a\": 1, \"a\": 2}", "duplicate"},
        {"{\"a\": NaN}", "not valid JSON"},
        {"{\"a\": 1e999}", "not valid JSON"},
        {"{\"a\": \"\xff\"}", "not valid JSON"},
        {"{\"a\\u0000\": 1}", "not valid JSON"},
        {"[1, 2]", "must be a JSON object"},
        {"3", "must be a JSON object"},
        {"]]]]", "not valid JSON"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *doc = (json_t *)&bad;
        error err = {0};
        assert_int_equal(json_read(&doc, text_span(bad[i].text), "config.json", &err),
                         ERR_ARTEFACT);
        assert_null(doc);
        assert_error(err, ERR_ARTEFACT, "config.json");
        assert_non_null(strstr(err.text, bad[i].why));
    }
}

/* {"a":[[…[ … ]…]]} with depth levels in all, brackets in a string not counted. */
static char *nested(size_t depth)
{
    static char text[4096];
    char *p = text + sprintf(text, "{\"[[[\\\"{{{\":");
    for (size_t i = 1; i < depth; i++) {
        *p++ = '[';
    }
    for (size_t i = 1; i < depth; i++) {
        *p++ = ']';
    }
    if (depth == 1) {
        *p++ = '1';
    }
    strcpy(p, "}");
    return text;
}

static void test_read_limits_the_depth(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= JSON_MAX_DEPTH + 3; depth++) {
        json_t *doc;
        error err = {0};
        const status st = json_read(&doc, text_span(nested(depth)), "deep.json", &err);
        if (depth <= JSON_MAX_DEPTH) {
            assert_int_equal(st, OK);
            json_decref(doc);
        } else {
            assert_int_equal(st, ERR_ARTEFACT);
            assert_error(err, ERR_ARTEFACT, "deep.json", "deeper than 64");
        }
    }
}

static void test_read_keeps_every_value(void **state)
{
    (void)state;
    static const char text[] =
        "\t[ \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\" , \"\", -0, "
        "-9223372036854775808,"
        " 0.1, 1e-400, -2E+3, 1000000000000000019884624838656, [], {}, true, false, null ]\r\n";
    json_t *doc;
    error err = {0};
    assert_int_equal(json_read_array(&doc, text_span(text), "f", &err), OK);
    assert_int_equal(json_array_size(doc), 13);
    assert_string_equal(json_string_value(json_array_get(doc, 0)),
                        "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_int_equal(json_string_length(json_array_get(doc, 1)), 0);
    assert_true(json_is_integer(json_array_get(doc, 2)));
    assert_true(json_integer_value(json_array_get(doc, 3)) == INT64_MIN);
    static const double reals[] = {0.1, 0, -2000, 1e30};
    for (size_t i = 0; i < 4; i++) {
        assert_true(json_is_real(json_array_get(doc, 4 + i)));
        assert_true(json_real_value(json_array_get(doc, 4 + i)) == reals[i]);
    }
    assert_int_equal(json_array_size(json_array_get(doc, 8)), 0);
    assert_true(json_is_object(json_array_get(doc, 9)));
    assert_true(json_is_true(json_array_get(doc, 10)));
    assert_true(json_is_false(json_array_get(doc, 11)));
    assert_true(json_is_null(json_array_get(doc, 12)));
    json_decref(doc);
    assert_int_equal(json_read_array(&doc, text_span("{}"), "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "f: must be a JSON array");
}

/* Line and column, counted from 1, of the byte that cannot stand there. */
static void test_errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } bad[] = {
        {"", "f:1:1: not valid JSON: a value is missing"},
        {"{\n \"a\" 1}", "f:2:6: not valid JSON: ':' is missing"},
        {"{\"a\": 1,}", "f:1:9: not valid JSON: a key is missing"},
        {"[1 2]", "f:1:4: not valid JSON: ',' or ']' is missing"},
        {"[1,\n\n 01]", "f:3:4: not valid JSON: no number"},
        {"[1.]", "f:1:4: not valid JSON: no digit behind the point"},
        {"[1e+]", "f:1:5: not valid JSON: no digit in the exponent"},
        {"[-1e999]", "f:1:8: not valid JSON: the number is too large"},
        {"[\"\\x\"]", "f:1:4: not valid JSON: no such escape"},
        {"[\"\\u12g4\"]", "f:1:7: not valid JSON: \\u wants four"},
        {"[\"\\udc00\"]", "half a character"},
        {"[\"\\ud800\"]", "half a character"},
        {"[\"\\ud800\\u0041\"]", "half a character"},
        {"[\"a\nb\"]", "f:1:4: not valid JSON: a control character"},
        {"[\"\xc0\x80\"]", "f:1:3: not valid JSON: not valid UTF-8"},
        {"[\"\xed\xa0\x80\"]", "not valid UTF-8"},
        {"[\"abc", "f:1:6: not valid JSON: the string does not end"},
        {"[] []", "f:1:4: not valid JSON: something follows"},
        {"[tru]", "f:1:2: not valid JSON: a value is missing"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *doc;
        error err = {0};
        assert_int_equal(json_parse(&doc, text_span(bad[i].text), "f", &err), ERR_ARTEFACT);
        if (!strstr(err.text, bad[i].where)) {
            fail_msg("%s, not %s", err.text, bad[i].where);
        }
    }
}

static int set_up(void **state)
{
    static const char text[] =
        "{\"n\": 12, \"zero\": 0, \"minus\": -1, \"big\": 9223372036854775807, \"x\": 0.5,"
        " \"yes\": true, \"no\": false, \"s\": \"word\", \"nul\": \"a\\u0000b\","
        " \"none\": null, \"o\": {\"k\": 1}, \"a\": [1, 2]}";
    json_t *doc;
    if (json_read(&doc, text_span(text), "f", NULL) != OK) {
        return -1;
    }
    *state = doc;
    return 0;
}

static int tear_down(void **state)
{
    json_decref(*state);
    return 0;
}

static void test_sizes(void **state)
{
    error err = {0};
    size_t n = 7;
    assert_int_equal(json_get_size(*state, "n", true, 12, 12, &n, "f", &err), OK);
    assert_int_equal(n, 12);
    assert_int_equal(json_get_size(*state, "big", true, 0, SIZE_MAX, &n, "f", &err), OK);
    assert_true(n == INT64_MAX);
    assert_int_equal(json_get_size(*state, "zero", false, 0, 5, &n, "f", &err), OK);
    assert_int_equal(n, 0);

    static const struct {
        const char *key, *word;
        size_t lo, hi;
    } bad[] = {
        {"n", "12, must be in 13..20", 13, 20},
        {"n", "12, must be in 0..11", 0, 11},
        {"minus", "-1, must be in", 0, SIZE_MAX},
        {"big", "must be in", 0, 1u << 31},
        {"x", "must be an integer", 0, 9},
        {"s", "must be an integer", 0, 9},
        {"none", "is missing", 0, 9},
        {"absent", "is missing", 0, 9},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        n = 7;
        assert_int_equal(
            json_get_size(*state, bad[i].key, true, bad[i].lo, bad[i].hi, &n, "here.json", &err),
            ERR_ARTEFACT);
        assert_error(err, ERR_ARTEFACT, "here.json");
        assert_non_null(strstr(err.text, bad[i].key));
        assert_non_null(strstr(err.text, bad[i].word));
        assert_int_equal(n, 7);
    }
}

static void test_doubles(void **state)
{
    error err = {0};
    double x = 7;
    assert_int_equal(json_get_double(*state, "x", true, 0.5, 0.5, &x, "f", &err), OK);
    assert_true(x == 0.5);
    assert_int_equal(json_get_double(*state, "n", true, 0, 100, &x, "f", &err), OK);
    assert_true(x == 12);
    assert_int_equal(json_get_double(*state, "x", true, 0.6, 1, &x, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'x' is 0.5", "[0.6, 1]");
    assert_int_equal(json_get_double(*state, "x", true, 0, 0.4, &x, "f", &err), ERR_ARTEFACT);
    assert_int_equal(json_get_double(*state, "s", true, 0, 1, &x, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'s' must be a number");
    assert_int_equal(json_get_double(*state, "absent", true, 0, 1, &x, "f", &err), ERR_ARTEFACT);
    assert_true(x == 12);
}

static void test_words(void **state)
{
    error err = {0};
    bool b = false;
    assert_int_equal(json_get_bool(*state, "yes", true, &b, "f", &err), OK);
    assert_true(b);
    assert_int_equal(json_get_bool(*state, "no", true, &b, "f", &err), OK);
    assert_false(b);
    assert_int_equal(json_get_bool(*state, "n", true, &b, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'n' must be true or false");
    assert_int_equal(json_get_bool(*state, "absent", true, &b, "f", &err), ERR_ARTEFACT);

    const char *s = NULL;
    assert_int_equal(json_get_string(*state, "s", true, &s, "f", &err), OK);
    assert_string_equal(s, "word");
    assert_int_equal(json_get_string(*state, "nul", true, &s, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'nul' must be a string without NUL");
    assert_int_equal(json_get_string(*state, "n", true, &s, "f", &err), ERR_ARTEFACT);
    assert_int_equal(json_get_string(*state, "absent", true, &s, "f", &err), ERR_ARTEFACT);
    assert_string_equal(s, "word");
}

static void test_objects_and_arrays(void **state)
{
    error err = {0};
    json_t *part = NULL;
    assert_int_equal(json_get_object(*state, "o", true, &part, "f", &err), OK);
    assert_int_equal(json_object_size(part), 1);
    assert_int_equal(json_get_object(*state, "a", true, &part, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'a' must be an object");
    assert_null(part);
    assert_int_equal(json_get_object(*state, "absent", true, &part, "f", &err), ERR_ARTEFACT);

    assert_int_equal(json_get_array(*state, "a", true, &part, "f", &err), OK);
    assert_int_equal(json_array_size(part), 2);
    assert_int_equal(json_get_array(*state, "o", true, &part, "f", &err), ERR_ARTEFACT);
    assert_error(err, ERR_ARTEFACT, "'o' must be an array");
    assert_null(part);
    assert_int_equal(json_get_array(*state, "absent", true, &part, "f", &err), ERR_ARTEFACT);
}

/* Absent and null alike leave what was there; objects and arrays become NULL. */
static void test_what_is_not_required(void **state)
{
    static const char *const keys[] = {"absent", "none"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = 7;
        double x = 7;
        bool b = true;
        const char *s = "before";
        json_t *object = *state, *array = *state;
        assert_int_equal(json_get_size(*state, keys[i], false, 0, 1, &n, "f", NULL), OK);
        assert_int_equal(json_get_double(*state, keys[i], false, 0, 1, &x, "f", NULL), OK);
        assert_int_equal(json_get_bool(*state, keys[i], false, &b, "f", NULL), OK);
        assert_int_equal(json_get_string(*state, keys[i], false, &s, "f", NULL), OK);
        assert_int_equal(json_get_object(*state, keys[i], false, &object, "f", NULL), OK);
        assert_int_equal(json_get_array(*state, keys[i], false, &array, "f", NULL), OK);
        assert_true(n == 7 && x == 7 && b);
        assert_string_equal(s, "before");
        assert_null(object);
        assert_null(array);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_refuses_what_is_no_object),
        cmocka_unit_test(test_read_limits_the_depth),
        cmocka_unit_test(test_read_keeps_every_value),
        cmocka_unit_test(test_errors_say_where),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_objects_and_arrays),
        cmocka_unit_test(test_what_is_not_required),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
