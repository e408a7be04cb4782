#include <string.h>

#include "api/dataset.h"

enum { MAX_COLUMNS = 64, NONE = -1 };

typedef struct {
    span cells[MAX_COLUMNS];
    int n;
} record;

typedef struct {
    int text, pair, label, n;
} layout;

static status split(record *r, span line, const char *name, size_t number, error *err)
{
    r->n = 0;
    for (;;) {
        if (r->n == MAX_COLUMNS) {
            return error_set(err, ERR_ARTEFACT, "%s:%zu: more than %d columns", name, number,
                             MAX_COLUMNS);
        }
        const uint8_t *tab = line.len ? memchr(line.data, '\t', line.len) : NULL;
        const size_t len = tab ? (size_t)(tab - line.data) : line.len;
        r->cells[r->n++] = (span){.data = line.data, .len = len};
        if (!tab) {
            return OK;
        }
        line.data += len + 1;
        line.len -= len + 1;
    }
}

static bool is_word(span cell, const char *word)
{
    return cell.len == strlen(word) && memcmp(cell.data, word, cell.len) == 0;
}

static int find(const record *header, const char *wanted, const char *const *usual)
{
    for (; wanted || *usual; usual++) {
        const char *name = wanted ? wanted : *usual;
        for (int i = 0; i < header->n; i++) {
            if (is_word(header->cells[i], name)) {
                return i;
            }
        }
        if (wanted) {
            return NONE;
        }
    }
    return NONE;
}

static status missing(const char *name, const char *what, const char *column, error *err)
{
    return error_set(err, ERR_ARTEFACT, "%s:1: the header has no column '%s' for the %s", name,
                     column, what);
}

static status read_header(layout *l, const record *header, const char *name,
                          const dataset_columns *c, error *err)
{
    l->n = header->n;
    l->text = find(header, c->text, dataset_text_names);
    l->pair = find(header, c->pair, dataset_pair_names);
    l->label = find(header, c->label, dataset_label_names);
    if (!c->pair && l->text != NONE && is_word(header->cells[l->text], "question")) {
        l->pair = find(header, "sentence", dataset_pair_names);
    }
    if (l->text == NONE) {
        return missing(name, "text", c->text ? c->text : "sentence", err);
    }
    if (c->pair && l->pair == NONE) {
        return missing(name, "second text", c->pair, err);
    }
    if (c->label && l->label == NONE) {
        return missing(name, "label", c->label, err);
    }
    return OK;
}

/* CoLA: source, label, the author's mark, sentence; no header. */
static bool is_cola(const record *first)
{
    return first->n == 4 && (is_word(first->cells[1], "0") || is_word(first->cells[1], "1"));
}

static status add_record(dataset *d, const record *r, const layout *l, const char *name,
                         size_t number, error *err)
{
    if (r->n != l->n) {
        return error_set(err, ERR_ARTEFACT, "%s:%zu: %d columns, the first line has %d", name,
                         number, r->n, l->n);
    }
    example e = {.text = r->cells[l->text], .line = number};
    if (l->pair != NONE) {
        e.pair = r->cells[l->pair];
    }
    if (l->label != NONE) {
        e.label = r->cells[l->label];
    }
    return dataset_add(d, e, err);
}

status dataset_parse_tsv(dataset *d, span rest, const char *name, const dataset_columns *c,
                         size_t limit, error *err)
{
    span line;
    size_t number = 0;
    record r;
    layout l = {0};
    while (dataset_next_line(&rest, &line, &number)) {
        if (number == 1 && line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
            line.data += 3;
            line.len -= 3;
        }
        if (line.len == 0) {
            continue;
        }
        TRY(split(&r, line, name, number, err));
        if (l.n == 0 && is_cola(&r)) {
            l = (layout){.text = 3, .pair = NONE, .label = 1, .n = 4};
        } else if (l.n == 0) {
            TRY(read_header(&l, &r, name, c, err));
            continue;
        }
        TRY(add_record(d, &r, &l, name, number, err));
        if (d->n == limit) {
            break;
        }
    }
    return OK;
}
