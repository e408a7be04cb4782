#include "model/added_tokens.h"

#include <string.h>

#include "base/mem.h"
#include "model/unicode.h"
#include "model/vocab.h"

status added_set_add(added_set *s, span pattern, uint32_t id, added_flags flags, error *err)
{
    if (s->n >= ADDED_MAX) {
        return error_set(err, ERR_ARTEFACT, "more than %d added tokens", ADDED_MAX);
    }
    if (pattern.len > ADDED_MAX_BYTES) {
        return error_set(err, ERR_ARTEFACT,
                         "added token of id %u has %zu bytes, at most %d are "
                         "allowed",
                         (unsigned)id, pattern.len, ADDED_MAX_BYTES);
    }
    if (!mem_reserve((void **)&s->tokens, &s->cap, s->n + 1, sizeof *s->tokens)) {
        return error_memory(err);
    }
    char *copy = mem_strndup(pattern.len ? (const char *)pattern.data : "", pattern.len);
    if (!copy) {
        return error_memory(err);
    }
    s->tokens[s->n] = (added_token){
        .pattern = copy, .len = pattern.len, .id = id, .order = (uint32_t)s->n, .flags = flags};
    s->n++;
    return OK;
}

static int compare(const void *a, const void *b)
{
    const added_token *x = a, *y = b;
    const size_t common = x->len < y->len ? x->len : y->len;
    const int sign = common ? memcmp(x->pattern, y->pattern, common) : 0;
    if (sign != 0) {
        return sign;
    }
    if (x->len != y->len) {
        return x->len < y->len ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static bool equal(const added_token *x, const added_token *y)
{
    return x->len == y->len && memcmp(x->pattern, y->pattern, x->len) == 0;
}

void added_set_seal(added_set *s)
{
    if (s->n == 0) {
        return;
    }
    qsort(s->tokens, s->n, sizeof *s->tokens, compare);
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        const added_token t = s->tokens[i];
        if (t.len == 0 || (kept > 0 && equal(&s->tokens[kept - 1], &t))) {
            mem_free(t.pattern);
            continue;
        }
        const uint8_t first = (uint8_t)t.pattern[0];
        s->first[first >> 6] |= (uint64_t)1 << (first & 63);
        s->tokens[kept++] = t;
    }
    s->n = kept;
}

void added_set_clear(added_set *s)
{
    for (size_t i = 0; i < s->n; i++) {
        mem_free(s->tokens[i].pattern);
    }
    mem_free(s->tokens);
    *s = (added_set){0};
}

/* First token of [lo, hi), which agree up to `depth`, whose byte there is at least `byte`; tokens
 * that end at depth come before all others. */
static size_t bound(const added_set *s, size_t lo, size_t hi, size_t depth, unsigned byte)
{
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const added_token *t = &s->tokens[mid];
        if (t->len <= depth || (uint8_t)t->pattern[depth] < byte) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* The longest token at the front of text, or NULL. */
static const added_token *longest(const added_set *s, span text)
{
    const added_token *found = NULL;
    size_t lo = 0, hi = s->n;
    for (size_t depth = 0; depth < text.len && lo < hi; depth++) {
        const unsigned byte = text.data[depth];
        lo = bound(s, lo, hi, depth, byte);
        hi = bound(s, lo, hi, depth, byte + 1);
        if (lo < hi && s->tokens[lo].len == depth + 1) {
            found = &s->tokens[lo];
        }
    }
    return found;
}

static bool is_word_at(span text, size_t i)
{
    uint32_t c;
    utf8_next(&c, text.data + i);
    return unicode_class(c) & UNICODE_WORD;
}

static bool stands_alone(span text, size_t begin, size_t end)
{
    const bool before = begin > 0 && unicode_class(utf8_before(text.data + begin)) & UNICODE_WORD;
    return !before && !(end < text.len && is_word_at(text, end));
}

static size_t strip_left(span text, size_t begin)
{
    while (begin > 0) {
        const uint32_t c = utf8_before(text.data + begin);
        if (!(unicode_class(c) & UNICODE_SPACE)) {
            break;
        }
        do {
            begin--;
        } while ((text.data[begin] & 0xC0) == 0x80);
    }
    return begin;
}

static size_t strip_right(span text, size_t end)
{
    while (end < text.len) {
        uint32_t c;
        const size_t n = utf8_next(&c, text.data + end);
        if (!(unicode_class(c) & UNICODE_SPACE)) {
            break;
        }
        end += n;
    }
    return end;
}

static status push(added_pieces *out, size_t begin, size_t end, uint32_t id, error *err)
{
    if (!mem_reserve((void **)&out->items, &out->cap, out->len + 1, sizeof *out->items)) {
        return error_memory(err);
    }
    out->items[out->len++] = (added_piece){begin, end, id};
    return OK;
}

static bool may_begin(const added_set *s, uint8_t byte)
{
    return s->first[byte >> 6] >> (byte & 63) & 1;
}

status added_split(const added_set *s, added_pieces *out, span text, error *err)
{
    size_t done = 0;
    for (size_t i = 0; i < text.len && s->n > 0;) {
        const span rest = {text.data + i, text.len - i};
        const added_token *t = may_begin(s, text.data[i]) ? longest(s, rest) : NULL;
        if (!t) {
            i++;
            continue;
        }
        size_t begin = i, end = i + t->len;
        i = end;
        if (t->flags.single_word && !stands_alone(text, begin, end)) {
            continue; /* nor is anything inside it a token */
        }
        if (t->flags.lstrip) {
            begin = strip_left(text, begin);
            begin = begin > done ? begin : done;
        }
        end = t->flags.rstrip ? strip_right(text, end) : end;
        if (done < begin) {
            TRY(push(out, done, begin, VOCAB_NONE, err));
        }
        TRY(push(out, begin, end, t->id, err));
        done = end;
    }
    return done < text.len ? push(out, done, text.len, VOCAB_NONE, err) : OK;
}
