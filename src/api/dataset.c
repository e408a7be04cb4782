#include "api/dataset.h"

#include <string.h>

#include "base/mem.h"

/* QNLI asks a question of a sentence, so `question` comes before `sentence`. */
const char *const dataset_text_names[] = {"question", "question1", "sentence1",
                                          "premise",  "#1 String", "sentence",
                                          "text",     "review",    NULL};
const char *const dataset_pair_names[] = {"sentence2", "question2", "hypothesis", "#2 String",
                                          NULL};
const char *const dataset_label_names[] = {"label", "Quality", "score", "labels", NULL};

dataset_format dataset_format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".tsv") == 0) {
        return DATASET_TSV;
    }
    if (dot && (strcmp(dot, ".jsonl") == 0 || strcmp(dot, ".json") == 0)) {
        return DATASET_JSONL;
    }
    return DATASET_LINES;
}

bool dataset_next_line(span *rest, span *line, size_t *number)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    const size_t len = end ? (size_t)(end - rest->data) : rest->len;
    const size_t used = end ? len + 1 : len;
    *line = (span){.data = rest->data, .len = len};
    if (len > 0 && line->data[len - 1] == '\r') {
        line->len--;
    }
    rest->data += used;
    rest->len -= used;
    ++*number;
    return true;
}

status dataset_add(dataset *d, example e, error *err)
{
    if (!mem_reserve((void **)&d->examples, &d->cap, d->n + 1, sizeof *d->examples)) {
        return error_memory(err);
    }
    d->examples[d->n++] = e;
    return OK;
}

static status parse_lines(dataset *d, span rest, size_t limit, error *err)
{
    span line;
    for (size_t number = 0; dataset_next_line(&rest, &line, &number);) {
        if (line.len == 0) {
            continue;
        }
        TRY(dataset_add(d, (example){.text = line, .line = number}, err));
        if (d->n == limit) {
            break;
        }
    }
    return OK;
}

status dataset_parse(dataset *out, span bytes, dataset_format format, const char *name,
                     const dataset_columns *columns, size_t limit, error *err)
{
    static const dataset_columns usual = {0};
    *out = (dataset){0};
    columns = columns ? columns : &usual;
    status st = format == DATASET_TSV ? dataset_parse_tsv(out, bytes, name, columns, limit, err)
                : format == DATASET_JSONL
                    ? dataset_parse_jsonl(out, bytes, name, columns, limit, err)
                    : parse_lines(out, bytes, limit, err);
    if (st == OK && out->n == 0) {
        st = error_set(err, ERR_ARTEFACT, "%s: holds no examples", name);
    }
    if (st != OK) {
        dataset_clear(out);
    }
    return st;
}

void dataset_clear(dataset *d)
{
    for (size_t i = 0; i < d->n_owned; i++) {
        mem_free(d->owned[i]);
    }
    mem_free(d->owned);
    mem_free(d->examples);
    *d = (dataset){0};
}
