#include "base/utf8.h"

static bool continues(uint8_t b)
{
    return (b & 0xC0) == 0x80;
}

size_t utf8_decode(uint32_t *c, const uint8_t *p, size_t len)
{
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] < 0xC2 || p[0] > 0xF4) {
        return 0;
    }
    const size_t n = utf8_length(p[0]);
    if (n > len) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (!continues(p[i])) {
            return 0;
        }
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    utf8_next(c, p);
    return *c < least[n] || *c > 0x10FFFF || *c - 0xD800 < 0x800 ? 0 : n;
}

uint32_t utf8_before(const uint8_t *p)
{
    do {
        p--;
    } while (continues(*p));
    uint32_t c;
    utf8_next(&c, p);
    return c;
}

size_t utf8_encode(uint8_t out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

status utf8_check(span bytes, const char *what, error *err)
{
    for (size_t i = 0; i < bytes.len;) {
        uint32_t c;
        const size_t n = utf8_decode(&c, bytes.data + i, bytes.len - i);
        if (n == 0) {
            return error_set(err, ERR_ARTEFACT, "%s: byte %zu (0x%02x) is not valid UTF-8", what, i,
                             bytes.data[i]);
        }
        i += n;
    }
    return OK;
}
