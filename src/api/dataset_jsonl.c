#include <stdio.h>
#include <string.h>

#include "api/dataset.h"
#include "base/json.h"
#include "base/mem.h"

/* A copy that outlives the line's document. */
static status keep(dataset *d, span *out, const char *bytes, size_t len, error *err)
{
    char *copy = mem_strndup(bytes, len);
    if (!copy ||
        !mem_reserve((void **)&d->owned, &d->cap_owned, d->n_owned + 1, sizeof *d->owned)) {
        mem_free(copy);
        return error_memory(err);
    }
    d->owned[d->n_owned++] = copy;
    *out = (span){.data = (const uint8_t *)copy, .len = len};
    return OK;
}

static const json_t *find(const json_t *object, const char *wanted, const char *const *usual)
{
    if (wanted) {
        return json_object_get(object, wanted);
    }
    for (; *usual; usual++) {
        const json_t *field = json_object_get(object, *usual);
        if (field) {
            return field;
        }
    }
    return NULL;
}

static status take_text(dataset *d, span *out, const json_t *field, const char *where,
                        const char *what, error *err)
{
    if (!json_is_string(field)) {
        return error_set(err, ERR_ARTEFACT, "%s: the %s must be a string", where, what);
    }
    return keep(d, out, json_string_value(field), json_string_length(field), err);
}

static status take_label(dataset *d, span *out, const json_t *field, const char *where, error *err)
{
    char number[64];
    if (json_is_string(field)) {
        return take_text(d, out, field, where, "label", err);
    }
    if (json_is_integer(field)) {
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(field));
    } else if (json_is_real(field)) {
        snprintf(number, sizeof number, "%.17g", json_real_value(field));
    } else {
        return error_set(err, ERR_ARTEFACT, "%s: the label must be a number or a string", where);
    }
    return keep(d, out, number, strlen(number), err);
}

static status add_object(dataset *d, const json_t *o, const char *where, size_t number,
                         const dataset_columns *c, error *err)
{
    const json_t *text = find(o, c->text, dataset_text_names);
    const json_t *pair = find(o, c->pair, dataset_pair_names);
    const json_t *label = find(o, c->label, dataset_label_names);
    if (!c->text && !c->pair && json_object_get(o, "question") && json_object_get(o, "sentence")) {
        pair = json_object_get(o, "sentence");
    }
    example e = {.line = number};
    if (!text) {
        return error_set(err, ERR_ARTEFACT, "%s: no field '%s' for the text", where,
                         c->text ? c->text : "sentence");
    }
    TRY(take_text(d, &e.text, text, where, "text", err));
    if (pair) {
        TRY(take_text(d, &e.pair, pair, where, "second text", err));
    }
    if (label) {
        TRY(take_label(d, &e.label, label, where, err));
    }
    return dataset_add(d, e, err);
}

status dataset_parse_jsonl(dataset *d, span rest, const char *name, const dataset_columns *c,
                           size_t limit, error *err)
{
    span line;
    for (size_t number = 0; dataset_next_line(&rest, &line, &number);) {
        if (line.len == 0) {
            continue;
        }
        char where[ERROR_TEXT_BYTES / 2];
        snprintf(where, sizeof where, "%s:%zu", name, number);
        json_t *object;
        TRY(json_read(&object, line, where, err));
        const status st = add_object(d, object, where, number, c, err);
        json_decref(object);
        TRY(st);
        if (d->n == limit) {
            break;
        }
    }
    return OK;
}
