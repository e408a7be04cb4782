#include <math.h>

#include "api/api.h"
#include "base/mem.h"

void tacit_result_free(tacit_result *r)
{
    if (!r) {
        return;
    }
    if (r->values) {
        mem_wipe(r->values, r->first[r->n] * r->columns * sizeof *r->values);
    }
    packed_clear(&r->tokens);
    mem_free(r->values);
    mem_free(r->first);
    mem_free(r);
}

tacit_kind tacit_result_kind(const tacit_result *r)
{
    return r->kind;
}

size_t tacit_result_count(const tacit_result *r)
{
    return r->n;
}

const float *tacit_result_values(const tacit_result *r, size_t i, size_t *rows, size_t *columns)
{
    *rows = r->first[i + 1] - r->first[i];
    *columns = r->label_only ? 0 : r->columns;
    return r->values + r->first[i] * r->columns;
}

static const float *row_of(const tacit_result *r, size_t i, size_t row)
{
    CHECK(i < r->n && row < r->first[i + 1] - r->first[i]);
    return r->values + (r->first[i] + row) * r->columns;
}

size_t tacit_result_token_index(const tacit_result *r, size_t i, size_t row)
{
    const float *v = row_of(r, i, row);
    if (r->label_only) {
        return (size_t)v[0];
    }
    size_t best = 0;
    for (size_t j = 1; j < r->columns; j++) {
        if (v[j] > v[best]) {
            best = j;
        }
    }
    return best;
}

size_t tacit_result_index(const tacit_result *r, size_t i)
{
    return tacit_result_token_index(r, i, 0);
}

const char *tacit_result_label(const tacit_result *r, size_t i)
{
    return tacit_model_label(r->owner, tacit_result_index(r, i));
}

double tacit_result_probability(const tacit_result *r, size_t i, size_t row, size_t label)
{
    const float *v = row_of(r, i, row);
    if (r->label_only || label >= r->columns || r->kind == TACIT_REGRESSION ||
        r->kind == TACIT_EMBEDDING) {
        return NAN;
    }
    if (r->kind == TACIT_LABELS) {
        return 1.0 / (1.0 + exp(-(double)v[label]));
    }
    const double max = v[tacit_result_token_index(r, i, row)];
    double sum = 0;
    for (size_t j = 0; j < r->columns; j++) {
        sum += exp(v[j] - max);
    }
    return exp(v[label] - max) / sum;
}

bool tacit_result_truncated(const tacit_result *r, size_t i)
{
    return r->tokens.truncated[i];
}

static json_t *numbers(const float *v, size_t n)
{
    json_t *list = json_array();
    for (size_t j = 0; j < n; j++) {
        json_array_append_new(list, json_real(v[j]));
    }
    return list;
}

static json_t *probabilities(const tacit_result *r, size_t i)
{
    json_t *all = json_object();
    for (size_t j = 0; j < r->columns; j++) {
        json_object_set_new(all, tacit_model_label(r->owner, j),
                            json_real(tacit_result_probability(r, i, 0, j)));
    }
    return all;
}

static json_t *labels_over_half(const tacit_result *r, size_t i)
{
    json_t *list = json_array();
    for (size_t j = 0; j < r->columns; j++) {
        if (row_of(r, i, 0)[j] > 0) {
            json_array_append_new(list, json_string(tacit_model_label(r->owner, j)));
        }
    }
    return list;
}

static json_t *tokens_json(const tacit_result *r, size_t i)
{
    json_t *list = json_array();
    const encoding *e = &r->tokens.encodings[i];
    for (size_t row = 0; row < r->first[i + 1] - r->first[i]; row++) {
        const size_t best = tacit_result_token_index(r, i, row);
        json_t *one = json_object();
        if (row < e->len) {
            const char *name = tokenizer_token(r->owner->tokenizer, e->ids[row]);
            json_object_set_new(one, "token", json_string(name ? name : ""));
            json_object_set_new(one, "begin", json_integer(e->begin[row]));
            json_object_set_new(one, "end", json_integer(e->end[row]));
        }
        json_object_set_new(one, "label", json_string(tacit_model_label(r->owner, best)));
        if (!r->label_only) {
            json_object_set_new(one, "probability",
                                json_real(tacit_result_probability(r, i, row, best)));
        }
        json_array_append_new(list, one);
    }
    return list;
}

json_t *result_json(const tacit_result *r, size_t i)
{
    json_t *o = json_object();
    switch (r->kind) {
    case TACIT_LABEL:
        json_object_set_new(o, "label", json_string(tacit_result_label(r, i)));
        if (!r->label_only) {
            json_object_set_new(o, "probabilities", probabilities(r, i));
            json_object_set_new(o, "logits", numbers(row_of(r, i, 0), r->columns));
        }
        break;
    case TACIT_LABELS:
        json_object_set_new(o, "labels", labels_over_half(r, i));
        json_object_set_new(o, "probabilities", probabilities(r, i));
        json_object_set_new(o, "logits", numbers(row_of(r, i, 0), r->columns));
        break;
    case TACIT_REGRESSION:
        json_object_set_new(o, "values", numbers(row_of(r, i, 0), r->columns));
        break;
    case TACIT_TOKENS:
        json_object_set_new(o, "tokens", tokens_json(r, i));
        break;
    case TACIT_EMBEDDING:
        json_object_set_new(o, "embedding", numbers(row_of(r, i, 0), r->columns));
        break;
    }
    json_object_set_new(o, "input_tokens",
                        json_integer((json_int_t)(r->tokens.start[i + 1] - r->tokens.start[i])));
    json_object_set_new(o, "truncated", json_boolean(r->tokens.truncated[i]));
    return o;
}

tacit_status tacit_result_json(const tacit_result *r, size_t i, char **json, tacit_error *err)
{
    error inner = {0};
    return api_return(err, api_dump(json, result_json(r, i), &inner), &inner);
}
