/* The pattern of GPT-2, by hand:
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * Alternatives are tried in this order, so the length of a piece follows from its first two
 * characters and the end of a run: no backtracking, hence nothing that could blow up. */
#include "model/tokenizer_parts.h"
#include "model/unicode.h"

enum { RUN_CLASSES = UNICODE_SPACE | UNICODE_LETTER | UNICODE_NUMBER };

static size_t contraction(const uint8_t *p, size_t len)
{
    if (len < 2 || p[0] != '\'') {
        return 0;
    }
    switch (p[1]) {
    case 's':
    case 't':
    case 'm':
    case 'd':
        return 2;
    case 'r':
    case 'v':
        return len > 2 && p[2] == 'e' ? 3 : 0;
    case 'l':
        return len > 2 && p[2] == 'l' ? 3 : 0;
    default:
        return 0;
    }
}

/* Class of the code point at `at`; *n is its length. */
static unsigned class_at(const uint8_t *p, size_t at, size_t *n)
{
    uint32_t c;
    *n = utf8_next(&c, p + at);
    return unicode_class(c) & RUN_CLASSES;
}

/* End of the run of one class that begins at `at`; *last is where its last code point begins. */
static size_t run_end(const uint8_t *p, size_t at, size_t len, size_t *last)
{
    size_t n;
    const unsigned kind = class_at(p, at, &n);
    do {
        *last = at;
        at += n;
    } while (at < len && class_at(p, at, &n) == kind);
    return at;
}

size_t split_gpt2(const uint8_t *p, size_t len)
{
    size_t n = contraction(p, len), last;
    if (n > 0) {
        return n;
    }
    if (!(class_at(p, 0, &n) & UNICODE_SPACE)) {
        return run_end(p, 0, len, &last);
    }
    if (p[0] == ' ' && len > 1 && !(class_at(p, 1, &n) & UNICODE_SPACE)) {
        return run_end(p, 1, len, &last);
    }
    /* White space leaves its last character to what follows, unless it is alone. */
    const size_t end = run_end(p, 0, len, &last);
    return end == len || last == 0 ? end : last;
}
