#include "base/json.h"
#include "base/text.h"

typedef struct {
    text out;
    status st;
} writer;

/* Jansson passes over what this says at some places, so a failure is also kept. */
static int take(const char *bytes, size_t len, void *data)
{
    writer *w = data;
    if (w->st == OK) {
        w->st = text_append(&w->out, bytes, len);
    }
    return w->st == OK ? 0 : -1;
}

char *json_write(const json_t *value, size_t flags)
{
    writer w = {.st = OK};
    if (json_dump_callback(value, take, &w, flags | JSON_ENCODE_ANY) != 0 || w.st != OK) {
        text_clear(&w.out);
        return NULL;
    }
    return w.out.bytes;
}
