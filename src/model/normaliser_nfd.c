/* Canonical decomposition: each code point becomes its parts, and the marks behind a starter are
 * sorted by combining class, those of one class staying in order. */
#include "base/mem.h"
#include "model/normaliser.h"
#include "model/unicode.h"

/* A mark that is the first of its code point takes the next code point's place in the original,
 * the others that of the one before, in whatever order sorting left them: this is how the
 * alignment of `tokenizers` counts. */
static status push_mark(norm_text *out, const norm_scratch *s, const norm_mark *m, size_t *next)
{
    if (!m->grown) {
        ++*next;
    }
    return norm_push(out, m->c, s->origins[*next ? *next - 1 : 0]);
}

/* Write the stretch that is held, class by class: at most 255 walks over it. */
static status write_by_class(norm_text *out, const norm_scratch *s)
{
    bool has[256] = {false};
    for (size_t i = 0; i < s->n_marks; i++) {
        has[s->marks[i].combining] = true;
    }
    size_t next = 0;
    for (unsigned k = 0; k < 256; k++) {
        for (size_t i = 0; has[k] && i < s->n_marks; i++) {
            if (s->marks[i].combining == k) {
                TRY(push_mark(out, s, &s->marks[i], &next));
            }
        }
    }
    return OK;
}

/* Write the stretch that is held, which nearly always is in order. */
static status flush(norm_text *out, norm_scratch *s)
{
    bool sorted = true;
    for (size_t i = 1; i < s->n_marks; i++) {
        sorted = sorted && s->marks[i - 1].combining <= s->marks[i].combining;
    }
    size_t next = 0;
    for (size_t i = 0; sorted && i < s->n_marks; i++) {
        TRY(push_mark(out, s, &s->marks[i], &next));
    }
    if (!sorted) {
        TRY(write_by_class(out, s));
    }
    s->n_marks = 0;
    s->n_origins = 0;
    return OK;
}

static status hold(norm_scratch *s, const uint32_t *parts, size_t n, text_range from)
{
    if (!mem_reserve((void **)&s->marks, &s->marks_cap, s->n_marks + n, sizeof *s->marks) ||
        !mem_reserve((void **)&s->origins, &s->origins_cap, s->n_origins + 1, sizeof *s->origins)) {
        return ERR_RESOURCE;
    }
    for (size_t i = 0; i < n; i++) {
        s->marks[s->n_marks++] = (norm_mark){
            .c = parts[i],
            .combining = (uint8_t)unicode_combining_class(parts[i]),
            .grown = i > 0,
        };
    }
    s->origins[s->n_origins++] = from;
    return OK;
}

status normalise_nfd(norm_text *out, const norm_text *in, norm_scratch *s)
{
    out->len = 0;
    s->n_marks = 0;
    s->n_origins = 0;
    for (size_t i = 0; i < in->len;) {
        uint32_t c, parts[UNICODE_MAX_DECOMPOSED];
        const size_t bytes = utf8_next(&c, in->bytes + i);
        const size_t n = unicode_decompose(parts, c);
        if (unicode_combining_class(parts[0]) == 0) {
            TRY(flush(out, s));
        }
        TRY(hold(s, parts, n, in->from[i]));
        i += bytes;
    }
    return flush(out, s);
}
