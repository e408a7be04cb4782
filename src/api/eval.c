#include <errno.h>
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "api/dataset.h"
#include "api/metrics.h"
#include "base/mem.h"

enum { DATA_MAX_BYTES = 1 << 30, DEFAULT_BATCH = 32, MAX_BATCH = 4096 };

typedef struct {
    tacit_session *session;
    const tacit_eval_options *options;
    const char *path;
    dataset data;
    counts counts;
    double *predicted, *expected; /* regression: a number an example */
    size_t truncated;
    double seconds;
} evaluation;

static bool parse_number(double *out, span word)
{
    char text[64];
    if (word.len == 0 || word.len >= sizeof text) {
        return false;
    }
    memcpy(text, word.data, word.len);
    text[word.len] = '\0';
    char *end;
    *out = strtod(text, &end);
    return end == text + word.len && isfinite(*out);
}

static bool is_word(span word, const char *s)
{
    return word.len == strlen(s) && memcmp(word.data, s, word.len) == 0;
}

/* GLUE writes some labels as words; these are the indices that models of its tasks use. */
static bool glue_label(size_t *index, span word)
{
    static const struct {
        const char *word;
        size_t index;
    } known[] = {{"entailment", 0}, {"not_entailment", 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (is_word(word, known[i].word)) {
            *index = known[i].index;
            return true;
        }
    }
    return false;
}

/* A label's index: its name in the model, its number, or GLUE's word for it. */
static status expected_label(size_t *index, const evaluation *e, const example *x, error *err)
{
    const head *h = &e->session->model->head;
    for (size_t i = 0; i < h->n_labels; i++) {
        if (is_word(x->label, h->labels[i])) {
            *index = i;
            return OK;
        }
    }
    double number;
    if (parse_number(&number, x->label) && number >= 0 && number < (double)h->n_labels &&
        number == floor(number)) {
        *index = (size_t)number;
        return OK;
    }
    if (glue_label(index, x->label) && *index < h->n_labels) {
        return OK;
    }
    const int shown = x->label.len > 40 ? 40 : (int)x->label.len;
    return error_set(err, ERR_ARTEFACT, "%s:%zu: label '%.*s' is none of the model's %zu", e->path,
                     x->line, shown, (const char *)x->label.data, h->n_labels);
}

static status emit(const evaluation *e, const tacit_result *r, size_t i, const example *x,
                   error *err)
{
    if (!e->options->prediction) {
        return OK;
    }
    json_t *o = result_json(r, i);
    if (o) {
        json_object_set_new(o, "line", json_integer((json_int_t)x->line));
        if (x->label.data) {
            json_object_set_new(o, "expected",
                                json_stringn((const char *)x->label.data, x->label.len));
        }
    }
    char *line;
    TRY(api_dump(&line, o, err));
    e->options->prediction(e->options->ctx, line);
    mem_free(line);
    return OK;
}

static status score(evaluation *e, const tacit_result *r, size_t i, size_t at, error *err)
{
    const example *x = &e->data.examples[at];
    e->truncated += tacit_result_truncated(r, i);
    if (x->label.data && r->kind == TACIT_REGRESSION) {
        if (!parse_number(&e->expected[at], x->label)) {
            return error_set(err, ERR_ARTEFACT, "%s:%zu: the label must be a number", e->path,
                             x->line);
        }
        size_t rows, columns;
        e->predicted[at] = tacit_result_values(r, i, &rows, &columns)[0];
        e->counts.n++;
    } else if (x->label.data && r->kind == TACIT_LABEL) {
        size_t expected = 0;
        TRY(expected_label(&expected, e, x, err));
        counts_add(&e->counts, tacit_result_index(r, i), expected);
    }
    return emit(e, r, i, x, err);
}

static status run_examples(evaluation *e, size_t begin, size_t n, error *err)
{
    tacit_input inputs[MAX_BATCH];
    for (size_t i = 0; i < n; i++) {
        const example *x = &e->data.examples[begin + i];
        inputs[i] = (tacit_input){
            .text = (const char *)x->text.data,
            .text_len = x->text.len,
            .pair = (const char *)x->pair.data,
            .pair_len = x->pair.len,
        };
    }
    packed p;
    tacit_result *r = NULL;
    status st = packed_from_texts(&p, e->session->owner, inputs, n, err);
    if (st == OK) {
        st = session_run(e->session, &r, &p, err);
    }
    if (st != OK) {
        error_prefix(err, "%s: examples from line %zu", e->path, e->data.examples[begin].line);
        return st;
    }
    e->seconds += e->session->online_s;
    for (size_t i = 0; st == OK && i < n; i++) {
        st = score(e, r, i, begin + i, err);
    }
    tacit_result_free(r);
    return st;
}

static status run_all(evaluation *e, error *err)
{
    const tacit_eval_options *o = e->options;
    size_t batch = o->batch ? o->batch : DEFAULT_BATCH;
    batch = batch > MAX_BATCH ? MAX_BATCH : batch;
    for (size_t at = 0; at < e->data.n; at += batch) {
        const size_t n = e->data.n - at < batch ? e->data.n - at : batch;
        TRY(run_examples(e, at, n, err));
        if (o->progress) {
            o->progress(o->ctx, "evaluating", at + n, e->data.n);
        }
    }
    return OK;
}

static status add_correlations(const evaluation *e, json_t *o, error *err)
{
    const size_t n = e->data.n;
    double *rank_x = mem_new(n, sizeof *rank_x), *rank_y = mem_new(n, sizeof *rank_y);
    size_t *order = mem_new(n, sizeof *order);
    const bool enough = rank_x && rank_y && order;
    if (enough) {
        metrics_ranks(rank_x, order, e->predicted, n);
        metrics_ranks(rank_y, order, e->expected, n);
        json_object_set_new(o, "pearson", json_real(metrics_pearson(e->predicted, e->expected, n)));
        json_object_set_new(o, "spearman", json_real(metrics_pearson(rank_x, rank_y, n)));
    }
    mem_free(rank_x);
    mem_free(rank_y);
    mem_free(order);
    return enough ? OK : error_memory(err);
}

static status result_of(char **json, const evaluation *e, error *err)
{
    json_t *o = json_object();
    const head *h = &e->session->model->head;
    json_object_set_new(o, "n", json_integer((json_int_t)e->data.n));
    if (e->counts.n > 0 && h->problem == PROBLEM_REGRESSION) {
        const status st = add_correlations(e, o, err);
        if (st != OK) {
            json_decref(o);
            return st;
        }
    } else if (e->counts.n > 0) {
        json_object_set_new(o, "correct", json_integer((json_int_t)e->counts.correct));
        json_object_set_new(o, "accuracy", json_real(counts_accuracy(&e->counts)));
        if (h->n_labels == 2) {
            json_object_set_new(o, "f1", json_real(counts_f1(&e->counts)));
            json_object_set_new(o, "matthews", json_real(counts_matthews(&e->counts)));
        }
    }
    json_object_set_new(o, "truncated", json_integer((json_int_t)e->truncated));
    json_object_set_new(o, "seconds", json_real(e->seconds));
    return api_dump(json, o, err);
}

static status evaluate(evaluation *e, span bytes, char **json, error *err)
{
    const tacit_eval_options *o = e->options;
    const dataset_columns columns = {o->text_column, o->pair_column, o->label_column};
    TRY(dataset_parse(&e->data, bytes, dataset_format_of(e->path), e->path, &columns, o->limit,
                      err));
    e->predicted = mem_new(e->data.n, sizeof *e->predicted);
    e->expected = mem_new(e->data.n, sizeof *e->expected);
    if (!e->predicted || !e->expected) {
        return error_memory(err);
    }
    TRY(run_all(e, err));
    return result_of(json, e, err);
}

tacit_status tacit_eval(tacit_session *s, const char *path, const tacit_eval_options *o,
                        char **json, tacit_error *err)
{
    static const tacit_eval_options defaults = {0};
    error inner = {0};
    evaluation e = {.session = s, .options = o ? o : &defaults, .path = path};
    file_map file = {0};
    *json = NULL;
    status st = file_open(&file, path, DATA_MAX_BYTES, &inner);
    if (st == OK) {
        st = evaluate(&e, file.bytes, json, &inner);
    }
    dataset_clear(&e.data);
    mem_free(e.predicted);
    mem_free(e.expected);
    file_close(&file);
    return api_return(err, st, &inner);
}
