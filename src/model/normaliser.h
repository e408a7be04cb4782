/** Text on its way to the pre-tokeniser: the steps of tokenizer.json's normalizer, each byte of
 * the result tied to the bytes of the original that it stands for.
 */
#ifndef TACIT_MODEL_NORMALISER_H
#define TACIT_MODEL_NORMALISER_H

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/status.h"

/** Bytes [begin, end) of the original text. */
typedef struct {
    uint32_t begin, end;
} text_range;

/** Valid UTF-8, and for each byte where it is from. Reused from call to call. */
typedef struct {
    uint8_t *bytes;
    text_range *from;
    size_t len, bytes_cap, from_cap;
} norm_text;

typedef enum {
    NORM_STEP_CLEAN,      /* BERT: drop control characters, make white space ' ' */
    NORM_STEP_CJK,        /* BERT: a space before and behind each ideograph */
    NORM_STEP_NFD,        /* canonical decomposition */
    NORM_STEP_DROP_MN,    /* BERT: drop non-spacing marks */
    NORM_STEP_DROP_MARKS, /* StripAccents: drop all marks */
    NORM_STEP_LOWER       /* lower case, code point by code point */
} norm_step;

enum { NORM_MAX_STEPS = 16 };

typedef struct {
    size_t n;
    norm_step steps[NORM_MAX_STEPS];
} normaliser;

/** One code point of a stretch that decomposition has to sort. */
typedef struct {
    uint32_t c;
    uint8_t combining;
    uint8_t grown; /* not the first of what its code point became */
} norm_mark;

/** What the normaliser needs to work; zeroed at first. */
typedef struct {
    norm_text out, other;
    norm_mark *marks;
    size_t n_marks, marks_cap;
    text_range *origins; /* of the code points that became the marks */
    size_t n_origins, origins_cap;
} norm_scratch;

/** s->out = the steps in order applied to `text`, which is valid UTF-8 and stands at byte `at` of
 * the original. Cost: linear. Returns OK or ERR_RESOURCE. */
status normalise(const normaliser *n, norm_scratch *s, span text, uint32_t at, error *err) MUST_USE;

/** One step from `in` to `out`; for normalise(). */
status normalise_nfd(norm_text *out, const norm_text *in, norm_scratch *s) MUST_USE;

/** Append a code point that stands for `from`. */
status norm_push(norm_text *t, uint32_t c, text_range from) MUST_USE;

void norm_scratch_clear(norm_scratch *s);

#endif
