#include "base/status.h"

#include <stdarg.h>
#include <string.h>

/* Names in errors come from files and peers: nothing in them may steer a terminal. */
static void make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        const int is_c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        if (*c < 0x20 || *c == 0x7f || is_c1) {
            *c = '?';
        }
        if (is_c1) {
            c[1] = '?';
        }
    }
}

status error_set(error *err, status code, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        make_printable(err->text);
    }
    return code;
}

void error_prefix(error *err, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    char prefix[ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, args);
    va_end(args);
    make_printable(prefix);

    const size_t head = strlen(prefix);
    const size_t room = sizeof err->text - 1;
    if (head + 2 >= room) {
        return;
    }
    size_t tail = strlen(err->text);
    if (tail > room - head - 2) {
        tail = room - head - 2;
    }
    memmove(err->text + head + 2, err->text, tail);
    memcpy(err->text, prefix, head);
    memcpy(err->text + head, ": ", 2);
    err->text[head + 2 + tail] = '\0';
}

status error_memory(error *err)
{
    return error_set(err, ERR_RESOURCE, "out of memory");
}
