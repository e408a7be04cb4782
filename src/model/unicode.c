#include "model/unicode.h"

enum { RUN_BITS = 11, RUN_MASK = (1 << RUN_BITS) - 1 };

/* The low bits of the last run that begins at or before c; runs begin with U+0000. */
static uint32_t run_value(const uint32_t *runs, size_t n, uint32_t c)
{
    const uint32_t key = c << RUN_BITS | RUN_MASK;
    size_t lo = 0, hi = n;
    while (hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;
        if (runs[mid] <= key) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return runs[lo] & RUN_MASK;
}

unsigned unicode_class_search(uint32_t c)
{
    return run_value(unicode_classes, unicode_classes_len, c);
}

unsigned unicode_combining_class(uint32_t c)
{
    return c < 0x300 ? 0 : run_value(unicode_combining, unicode_combining_len, c);
}

/* The triple of c, or NULL. */
static const uint32_t *find_decomposition(uint32_t c)
{
    size_t lo = 0, hi = unicode_decompositions_len / 3;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const uint32_t *triple = &unicode_decompositions[3 * mid];
        if (triple[0] == c) {
            return triple;
        }
        if (triple[0] < c) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

/* Unicode 3.12: a syllable is L V or L V T. */
static size_t decompose_hangul(uint32_t *out, uint32_t index)
{
    out[0] = 0x1100 + index / (21 * 28);
    out[1] = 0x1161 + index / 28 % 21;
    out[2] = 0x11A7 + index % 28;
    return index % 28 ? 3 : 2;
}

size_t unicode_decompose(uint32_t out[UNICODE_MAX_DECOMPOSED], uint32_t c)
{
    if (c - 0xAC00 < 11172) {
        return decompose_hangul(out, c - 0xAC00);
    }
    /* Only the first of a pair decomposes further, so the seconds pile up from the end. */
    uint32_t seconds[UNICODE_MAX_DECOMPOSED];
    size_t n = 0;
    const uint32_t *triple;
    while (c >= 0xC0 && n < UNICODE_MAX_DECOMPOSED - 1 && (triple = find_decomposition(c))) {
        c = triple[1];
        if (triple[2]) {
            seconds[n++] = triple[2];
        }
    }
    out[0] = c;
    for (size_t i = 0; i < n; i++) {
        out[1 + i] = seconds[n - 1 - i];
    }
    return n + 1;
}

size_t unicode_lower(uint32_t out[UNICODE_MAX_LOWERED], uint32_t c)
{
    out[0] = c;
    if (c < 128) {
        out[0] += c - 'A' < 26 ? 32 : 0;
        return 1;
    }
    if (c == 0x130) { /* capital I with dot above: the only one that becomes two */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    size_t lo = 0, hi = unicode_lowering_len / 4;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const uint32_t *run = &unicode_lowering[4 * mid];
        if (run[1] < c) {
            lo = mid + 1;
        } else if (run[0] > c) {
            hi = mid;
        } else {
            out[0] += (c - run[0]) % run[2] == 0 ? run[3] : 0;
            break;
        }
    }
    return 1;
}
