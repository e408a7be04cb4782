#include "model/template.h"

#include <string.h>

status template_add(token_template *t, template_part part, error *err)
{
    if (t->n == TEMPLATE_MAX_PARTS) {
        return error_set(err, ERR_ARTEFACT, "more than %d parts", TEMPLATE_MAX_PARTS);
    }
    t->parts[t->n++] = part;
    return OK;
}

static void set(token_template *t, const template_part *parts, size_t n)
{
    memcpy(t->parts, parts, n * sizeof *parts);
    t->n = n;
}

void template_set_plain(token_template *single, token_template *pair)
{
    const template_part parts[] = {{TEMPLATE_FIRST, 0, 0}, {TEMPLATE_SECOND, 0, 1}};
    set(single, parts, 1);
    set(pair, parts, 2);
}

void template_set_bert(token_template *single, token_template *pair, uint32_t cls, uint32_t sep)
{
    const template_part parts[] = {
        {TEMPLATE_SPECIAL, cls, 0}, {TEMPLATE_FIRST, 0, 0},     {TEMPLATE_SPECIAL, sep, 0},
        {TEMPLATE_SECOND, 0, 1},    {TEMPLATE_SPECIAL, sep, 1},
    };
    set(single, parts, 3);
    set(pair, parts, 5);
}

void template_set_roberta(token_template *single, token_template *pair, uint32_t cls, uint32_t sep)
{
    const template_part parts[] = {
        {TEMPLATE_SPECIAL, cls, 0}, {TEMPLATE_FIRST, 0, 0},  {TEMPLATE_SPECIAL, sep, 0},
        {TEMPLATE_SPECIAL, sep, 0}, {TEMPLATE_SECOND, 0, 0}, {TEMPLATE_SPECIAL, sep, 0},
    };
    set(single, parts, 3);
    set(pair, parts, 6);
}

size_t template_specials(const token_template *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        n += t->parts[i].kind == TEMPLATE_SPECIAL;
    }
    return n;
}

bool template_truncate(size_t *first, size_t *second, size_t room)
{
    if (*first <= room && *second <= room - *first) {
        return false;
    }
    size_t *shorter = *first <= *second ? first : second;
    size_t *longer = shorter == first ? second : first;
    *longer = *shorter > room || room - *shorter < *shorter ? *shorter : room - *shorter;
    if (*longer > room || *shorter > room - *longer) {
        *shorter = room / 2;
        *longer = room - *shorter;
    }
    return true;
}

static status reserve(encoding *e, size_t need)
{
    if (need <= e->cap) {
        return OK;
    }
    size_t caps[4] = {e->cap, e->cap, e->cap, e->cap};
    if (!mem_reserve((void **)&e->ids, &caps[0], need, sizeof *e->ids) ||
        !mem_reserve((void **)&e->types, &caps[1], need, sizeof *e->types) ||
        !mem_reserve((void **)&e->begin, &caps[2], need, sizeof *e->begin) ||
        !mem_reserve((void **)&e->end, &caps[3], need, sizeof *e->end)) {
        return ERR_RESOURCE;
    }
    e->cap = caps[0];
    return OK;
}

static void put(encoding *e, uint32_t id, uint32_t type, text_range from)
{
    e->ids[e->len] = id;
    e->types[e->len] = type;
    e->begin[e->len] = from.begin;
    e->end[e->len] = from.end;
    e->len++;
}

status template_apply(const token_template *t, encoding *out, const token_list *first,
                      size_t n_first, const token_list *second, size_t n_second, error *err)
{
    size_t need = 0;
    for (size_t i = 0; i < t->n; i++) {
        const template_kind kind = t->parts[i].kind;
        const size_t n = kind == TEMPLATE_SPECIAL ? 1 : kind == TEMPLATE_FIRST ? n_first : n_second;
        if (!mem_add(&need, need, n)) {
            return error_memory(err);
        }
    }
    out->len = 0;
    if (reserve(out, need) != OK) {
        return error_memory(err);
    }
    for (size_t i = 0; i < t->n; i++) {
        const template_part *p = &t->parts[i];
        if (p->kind == TEMPLATE_SPECIAL) {
            put(out, p->id, p->type, (text_range){0, 0});
            continue;
        }
        const token_list *list = p->kind == TEMPLATE_FIRST ? first : second;
        const size_t n = p->kind == TEMPLATE_FIRST ? n_first : n_second;
        for (size_t k = 0; k < n; k++) {
            put(out, list->items[k].id, p->type, list->items[k].from);
        }
    }
    return OK;
}
