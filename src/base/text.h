/** A growing string of bytes, always with a NUL behind. After a failure it stays as it was. */
#ifndef TACIT_BASE_TEXT_H
#define TACIT_BASE_TEXT_H

#include <stddef.h>

#include "base/status.h"

typedef struct {
    char *bytes; /* NULL while empty */
    size_t len, cap;
} text;

status text_append(text *t, const char *bytes, size_t len) MUST_USE;
status text_printf(text *t, const char *fmt, ...) MUST_USE __attribute__((format(printf, 2, 3)));
void text_clear(text *t);

#endif
