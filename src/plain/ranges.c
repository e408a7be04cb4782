#include "plain/ranges.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

typedef struct {
    text name;
    interval range;
} slot;

struct range_recorder {
    slot *slots; /* in order of first use */
    size_t n, capacity;
};

interval interval_empty(void)
{
    return (interval){.lo = INFINITY, .hi = -INFINITY};
}

void interval_add(interval *i, double x)
{
    i->lo = x < i->lo ? x : i->lo;
    i->hi = x > i->hi ? x : i->hi;
}

void interval_add_all(interval *i, const float *x, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        interval_add(i, (double)x[j]);
    }
}

void interval_join(interval *i, interval other)
{
    i->lo = other.lo < i->lo ? other.lo : i->lo;
    i->hi = other.hi > i->hi ? other.hi : i->hi;
}

status range_recorder_new(range_recorder **out, error *err)
{
    *out = mem_new(1, sizeof **out);
    return *out ? OK : error_memory(err);
}

void range_recorder_free(range_recorder *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->n; i++) {
        text_clear(&r->slots[i].name);
    }
    mem_free(r->slots);
    mem_free(r);
}

size_t range_recorder_count(const range_recorder *r)
{
    return r->n;
}

slot_range range_recorder_get(const range_recorder *r, size_t i)
{
    CHECK(i < r->n);
    const slot *s = &r->slots[i];
    return (slot_range){.slot = s->name.bytes, .lo = s->range.lo, .hi = s->range.hi};
}

/* A slot is looked for by its two halves, so that nothing is allocated for one that is there. */
static bool is_slot(const slot *s, const char *operation, const char *quantity)
{
    const size_t len = strlen(operation);
    return strncmp(s->name.bytes, operation, len) == 0 && s->name.bytes[len] == '/' &&
           strcmp(s->name.bytes + len + 1, quantity) == 0;
}

status range_recorder_widen(range_recorder *r, const char *operation, const char *quantity,
                            interval seen, error *err)
{
    if (seen.lo > seen.hi) {
        return OK;
    }
    size_t i = 0;
    while (i < r->n && !is_slot(&r->slots[i], operation, quantity)) {
        i++;
    }
    if (i == r->n) {
        if (!mem_reserve((void **)&r->slots, &r->capacity, r->n + 1, sizeof *r->slots)) {
            return error_memory(err);
        }
        slot fresh = {.range = interval_empty()};
        if (text_printf(&fresh.name, "%s/%s", operation, quantity) != OK) {
            return error_memory(err);
        }
        r->slots[r->n++] = fresh;
    }
    interval_join(&r->slots[i].range, seen);
    return OK;
}
