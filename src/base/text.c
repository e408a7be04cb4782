#include "base/text.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

status text_append(text *t, const char *bytes, size_t len)
{
    size_t need;
    if (!mem_add(&need, t->len, len) || !mem_add(&need, need, 1) ||
        !mem_reserve((void **)&t->bytes, &t->cap, need, 1)) {
        return ERR_RESOURCE;
    }
    if (len > 0) {
        memcpy(t->bytes + t->len, bytes, len);
    }
    t->len += len;
    t->bytes[t->len] = '\0';
    return OK;
}

status text_printf(text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    status st = n < 0 ? ERR_INTERNAL : OK;
    size_t need;
    if (st == OK && (!mem_add(&need, t->len, (size_t)n + 1) ||
                     !mem_reserve((void **)&t->bytes, &t->cap, need, 1))) {
        st = ERR_RESOURCE;
    }
    if (st == OK) {
        vsnprintf(t->bytes + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
    return st;
}

void text_clear(text *t)
{
    mem_free(t->bytes);
    *t = (text){0};
}
