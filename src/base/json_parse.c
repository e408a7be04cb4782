/* RFC 8259 into Jansson's values. Jansson's own reader writes behind its buffer where memory runs
 * out in the middle of a word; this one tells. What it takes and what it refuses is the same, but
 * for whole numbers of more than 64 bits, which become reals, and for its limits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

enum { MAX_NUMBER_BYTES = 200 };

typedef struct {
    const uint8_t *begin, *at, *end;
    text word; /* the string at hand, unescaped */
    size_t depth;
    const char *name;
    error *err;
} reader;

static status fail(const reader *r, const char *why)
{
    size_t line = 1, column = 1;
    for (const uint8_t *c = r->begin; c < r->at; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    return error_set(r->err, ERR_ARTEFACT, "%s:%zu:%zu: not valid JSON: %s", r->name, line, column,
                     why);
}

/* The next byte, -1 at the end. */
static int peek(const reader *r)
{
    return r->at < r->end ? *r->at : -1;
}

static void skip_space(reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
        r->at++;
    }
}

static status keep(reader *r, const uint8_t *bytes, size_t n)
{
    return text_append(&r->word, (const char *)bytes, n) == OK ? OK : error_memory(r->err);
}

/* Four hexadecimal digits. */
static status read_unit(reader *r, uint32_t *unit)
{
    *unit = 0;
    for (size_t i = 0; i < 4; i++, r->at++) {
        const int c = peek(r);
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) {
            return fail(r, "\\u wants four hexadecimal digits");
        }
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return OK;
}

/* Behind "\u": a character, or the two halves of one. */
static status read_escaped_unicode(reader *r)
{
    uint32_t c, low;
    TRY(read_unit(r, &c));
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u') {
            return fail(r, "half a character");
        }
        r->at += 2;
        TRY(read_unit(r, &low));
        if (low < 0xdc00 || low > 0xdfff) {
            return fail(r, "half a character");
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return fail(r, "half a character");
    }
    uint8_t bytes[4];
    return keep(r, bytes, utf8_encode(bytes, c));
}

static status read_escape(reader *r)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const int c = peek(r);
    if (c == 'u') {
        r->at++;
        return read_escaped_unicode(r);
    }
    const char *which = c > 0 ? strchr(names, c) : NULL;
    if (!which) {
        return fail(r, "no such escape");
    }
    r->at++;
    return keep(r, (const uint8_t *)&meanings[which - names], 1);
}

/* A run of characters that stand for themselves. */
static status read_plain(reader *r)
{
    const uint8_t *from = r->at;
    while (r->at < r->end && *r->at != '"' && *r->at != '\\') {
        uint32_t c;
        const size_t n = utf8_decode(&c, r->at, (size_t)(r->end - r->at));
        if (n == 0) {
            return fail(r, "not valid UTF-8");
        }
        if (c < 0x20) {
            return fail(r, "a control character in a string");
        }
        r->at += n;
    }
    return keep(r, from, (size_t)(r->at - from));
}

/* At the opening quote; the string is in r->word. */
static status read_string(reader *r)
{
    r->at++;
    r->word.len = 0;
    for (;;) {
        TRY(read_plain(r));
        const int c = peek(r);
        if (c < 0) {
            return fail(r, "the string does not end");
        }
        r->at++;
        if (c == '"') {
            return OK;
        }
        TRY(read_escape(r));
    }
}

static size_t skip_digits(reader *r)
{
    const uint8_t *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return (size_t)(r->at - from);
}

/* Move behind a number; *whole where it has neither fraction nor exponent. */
static status scan_number(reader *r, bool *whole)
{
    *whole = true;
    r->at += peek(r) == '-';
    const bool zero = peek(r) == '0';
    const size_t digits = skip_digits(r);
    if (digits == 0 || (zero && digits > 1)) {
        return fail(r, "no number");
    }
    if (peek(r) == '.') {
        *whole = false;
        r->at++;
        if (skip_digits(r) == 0) {
            return fail(r, "no digit behind the point");
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        *whole = false;
        r->at++;
        r->at += peek(r) == '-' || peek(r) == '+';
        if (skip_digits(r) == 0) {
            return fail(r, "no digit in the exponent");
        }
    }
    return OK;
}

static status read_number(reader *r, json_t **out)
{
    const uint8_t *from = r->at;
    bool whole;
    TRY(scan_number(r, &whole));
    const size_t len = (size_t)(r->at - from);
    char digits[MAX_NUMBER_BYTES + 1];
    if (len > MAX_NUMBER_BYTES) {
        return fail(r, "a number of more than 200 characters");
    }
    memcpy(digits, from, len);
    digits[len] = '\0';

    if (whole) {
        errno = 0;
        const long long n = strtoll(digits, NULL, 10);
        if (errno == 0) {
            *out = json_integer(n);
            return *out ? OK : error_memory(r->err);
        }
    }
    /* The program's locale may write the point otherwise. Nothing is made for "C", nor freed. */
    const double x = strtod_l(digits, NULL, newlocale(LC_ALL_MASK, "C", (locale_t)0));
    if (isinf(x)) {
        return fail(r, "the number is too large");
    }
    *out = json_real(x);
    return *out ? OK : error_memory(r->err);
}

static status read_word(reader *r, json_t **out)
{
    static const struct {
        const char *name;
        size_t len;
    } words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < 3; i++) {
        if ((size_t)(r->end - r->at) >= words[i].len &&
            memcmp(r->at, words[i].name, words[i].len) == 0) {
            r->at += words[i].len;
            *out = i == 0 ? json_true() : i == 1 ? json_false() : json_null();
            return OK;
        }
    }
    return fail(r, "a value is missing");
}

static status read_value(reader *r, json_t **out);

/* A value into the list, which takes it over in any case. */
static status read_element(reader *r, json_t *list)
{
    json_t *value = NULL;
    TRY(read_value(r, &value));
    return json_array_append_new(list, value) == 0 ? OK : error_memory(r->err);
}

/* "key": value */
static status read_member(reader *r, json_t *object)
{
    if (peek(r) != '"') {
        return fail(r, "a key is missing");
    }
    TRY(read_string(r));
    if (strlen(r->word.bytes) != r->word.len) {
        return fail(r, "NUL in a key");
    }
    if (json_object_get(object, r->word.bytes)) {
        char why[160];
        snprintf(why, sizeof why, "duplicate key '%.100s'", r->word.bytes);
        return fail(r, why);
    }
    text key = r->word;
    r->word = (text){0}; /* the value has words of its own */
    status st = OK;
    skip_space(r);
    if (peek(r) != ':') {
        st = fail(r, "':' is missing");
    }
    json_t *value = NULL;
    if (st == OK) {
        r->at++;
        st = read_value(r, &value);
    }
    if (st == OK && json_object_set_new_nocheck(object, key.bytes, value) != 0) {
        st = error_memory(r->err);
    }
    text_clear(&key);
    return st;
}

/* At the opening bracket: members or elements up to the closing one. */
static status read_parts(reader *r, json_t *whole, int close,
                         status (*part)(reader *r, json_t *whole))
{
    if (++r->depth > JSON_MAX_DEPTH) {
        return error_set(r->err, ERR_ARTEFACT, "%s: nested deeper than %d", r->name,
                         JSON_MAX_DEPTH);
    }
    r->at++;
    skip_space(r);
    bool more = peek(r) != close;
    while (more) {
        TRY(part(r, whole));
        skip_space(r);
        more = peek(r) == ',';
        if (!more && peek(r) != close) {
            return fail(r, close == '}' ? "',' or '}' is missing" : "',' or ']' is missing");
        }
        r->at += more;
        skip_space(r);
    }
    r->at++;
    r->depth--;
    return OK;
}

static status read_value(reader *r, json_t **out)
{
    *out = NULL;
    skip_space(r);
    const int c = peek(r);
    if (c == '"') {
        TRY(read_string(r));
        *out = json_stringn_nocheck(r->word.bytes, r->word.len);
        return *out ? OK : error_memory(r->err);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return read_number(r, out);
    }
    if (c != '{' && c != '[') {
        return read_word(r, out);
    }
    json_t *whole = c == '{' ? json_object() : json_array();
    if (!whole) {
        return error_memory(r->err);
    }
    const status st =
        c == '{' ? read_parts(r, whole, '}', read_member) : read_parts(r, whole, ']', read_element);
    if (st != OK) {
        json_decref(whole);
        return st;
    }
    *out = whole;
    return OK;
}

status json_parse(json_t **out, span bytes, const char *name, error *err)
{
    const uint8_t *begin = bytes.data ? bytes.data : (const uint8_t *)"";
    reader r = {.begin = begin, .at = begin, .end = begin + bytes.len, .name = name, .err = err};
    status st = read_value(&r, out);
    skip_space(&r);
    if (st == OK && r.at < r.end) {
        st = fail(&r, "something follows the document");
        json_decref(*out);
        *out = NULL;
    }
    text_clear(&r.word);
    return st;
}
