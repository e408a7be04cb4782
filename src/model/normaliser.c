#include "model/normaliser.h"

#include <string.h>

#include "base/mem.h"
#include "model/unicode.h"

static status reserve(norm_text *t, size_t more)
{
    size_t need;
    if (!mem_add(&need, t->len, more) ||
        !mem_reserve((void **)&t->bytes, &t->bytes_cap, need, sizeof *t->bytes) ||
        !mem_reserve((void **)&t->from, &t->from_cap, need, sizeof *t->from)) {
        return ERR_RESOURCE;
    }
    return OK;
}

status norm_push(norm_text *t, uint32_t c, text_range from)
{
    if (t->len + 4 > t->bytes_cap || t->len + 4 > t->from_cap) {
        TRY(reserve(t, 4));
    }
    const size_t n = utf8_encode(t->bytes + t->len, c);
    for (size_t i = 0; i < n; i++) {
        t->from[t->len + i] = from;
    }
    t->len += n;
    return OK;
}

/* The text as it is, each byte tied to its code point. */
static status load(norm_text *t, span text, uint32_t at)
{
    t->len = 0;
    TRY(reserve(t, text.len));
    if (text.len > 0) {
        memcpy(t->bytes, text.data, text.len);
    }
    for (size_t i = 0; i < text.len;) {
        const uint32_t n = (uint32_t)utf8_length(text.data[i]);
        const text_range from = {at + (uint32_t)i, at + (uint32_t)i + n};
        for (size_t k = 0; k < n; k++) {
            t->from[i + k] = from;
        }
        i += n;
    }
    t->len = text.len;
    return OK;
}

/* What a step that looks at one code point makes of it. */
static status push_step(norm_text *out, norm_step step, uint32_t c, text_range from)
{
    const unsigned is = unicode_class(c);
    uint32_t lower[UNICODE_MAX_LOWERED];
    size_t n = 1;
    lower[0] = c;
    switch (step) {
    case NORM_STEP_CLEAN:
        lower[0] = is & UNICODE_SPACE ? ' ' : c;
        n = !(is & UNICODE_OTHER);
        break;
    case NORM_STEP_CJK:
        if (is & UNICODE_CJK) {
            TRY(norm_push(out, ' ', from));
            TRY(norm_push(out, c, from));
            lower[0] = ' ';
        }
        break;
    case NORM_STEP_DROP_MN:
        n = !(is & UNICODE_MN);
        break;
    case NORM_STEP_DROP_MARKS:
        n = !(is & UNICODE_MARK);
        break;
    case NORM_STEP_LOWER:
        n = unicode_lower(lower, c);
        break;
    case NORM_STEP_NFD:
        break; /* looks at more than one */
    }
    for (size_t i = 0; i < n; i++) {
        TRY(norm_push(out, lower[i], from));
    }
    return OK;
}

static status apply(norm_text *out, norm_step step, const norm_text *in)
{
    out->len = 0;
    TRY(reserve(out, in->len));
    for (size_t i = 0; i < in->len;) {
        uint32_t c;
        const size_t n = utf8_next(&c, in->bytes + i);
        TRY(push_step(out, step, c, in->from[i]));
        i += n;
    }
    return OK;
}

/* ASCII has no ideographs, marks or decompositions, and the other two steps keep its places:
 * they run where the text is. */
static bool apply_ascii(norm_text *t, norm_step step)
{
    for (size_t i = 0; i < t->len; i++) {
        if (t->bytes[i] & 0x80) {
            return false;
        }
    }
    size_t kept = 0;
    switch (step) {
    case NORM_STEP_CLEAN:
        for (size_t i = 0; i < t->len; i++) {
            const unsigned is = unicode_ascii[t->bytes[i]];
            t->bytes[kept] = is & UNICODE_SPACE ? ' ' : t->bytes[i];
            t->from[kept] = t->from[i];
            kept += !(is & UNICODE_OTHER);
        }
        t->len = kept;
        return true;
    case NORM_STEP_LOWER:
        for (size_t i = 0; i < t->len; i++) {
            t->bytes[i] += (uint8_t)(t->bytes[i] - 'A') < 26 ? 32 : 0;
        }
        return true;
    default:
        return true;
    }
}

status normalise(const normaliser *n, norm_scratch *s, span text, uint32_t at, error *err)
{
    status st = load(&s->out, text, at);
    for (size_t i = 0; st == OK && i < n->n; i++) {
        const norm_step step = n->steps[i];
        if (apply_ascii(&s->out, step)) {
            continue;
        }
        st = step == NORM_STEP_NFD ? normalise_nfd(&s->other, &s->out, s)
                                   : apply(&s->other, step, &s->out);
        const norm_text swapped = s->out;
        s->out = s->other;
        s->other = swapped;
    }
    return st == OK ? OK : error_memory(err);
}

void norm_scratch_clear(norm_scratch *s)
{
    mem_free(s->out.bytes);
    mem_free(s->out.from);
    mem_free(s->other.bytes);
    mem_free(s->other.from);
    mem_free(s->marks);
    mem_free(s->origins);
    *s = (norm_scratch){0};
}
