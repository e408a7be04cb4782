/** Labelled texts: GLUE's TSV, JSON lines, or plain lines. Parsed from bytes that are not trusted.
 *
 * TSV: tab-separated, no quoting, a header line that names the columns (CoLA has none: four
 * columns of which the second is the label). JSON lines: an object a line. Plain lines: a text a
 * line, no labels; what a file is decides its name: .tsv, .jsonl or .json, else plain.
 */
#ifndef TACIT_API_DATASET_H
#define TACIT_API_DATASET_H

#include "base/file.h"

typedef struct {
    span text, pair; /* pair.data NULL where there is none */
    span label;      /* its words; data NULL where there is none */
    size_t line;     /* of the file, from 1 */
} example;

typedef struct {
    size_t n, cap;
    example *examples;
    char **owned; /* strings decoded from JSON */
    size_t n_owned, cap_owned;
} dataset;

/** Names of the columns; NULL: the usual ones (sentence, text, sentence1, question, "#1 String",
 * …; label, Quality, score). */
typedef struct {
    const char *text, *pair, *label;
} dataset_columns;

typedef enum { DATASET_TSV, DATASET_JSONL, DATASET_LINES } dataset_format;

dataset_format dataset_format_of(const char *path);

/** At most `limit` examples (0: all). The examples point into bytes, which must outlive them.
 * `name` stands for the file in errors. */
status dataset_parse(dataset *out, span bytes, dataset_format format, const char *name,
                     const dataset_columns *columns, size_t limit, error *err) MUST_USE;
void dataset_clear(dataset *d);

/** What the formats share: one more example at the end of d. */
status dataset_add(dataset *d, example e, error *err) MUST_USE;
/** The next line without its end; false where there is none. *line counts. */
bool dataset_next_line(span *rest, span *line, size_t *number);

status dataset_parse_jsonl(dataset *d, span bytes, const char *name, const dataset_columns *c,
                           size_t limit, error *err) MUST_USE;
status dataset_parse_tsv(dataset *d, span bytes, const char *name, const dataset_columns *c,
                         size_t limit, error *err) MUST_USE;

/** The names by which columns are found, most particular first; NULL at the end. */
extern const char *const dataset_text_names[], *const dataset_pair_names[],
                                                   *const dataset_label_names[];

#endif
