#define _GNU_SOURCE
#include "support/model_fixture.h"

#include <dirent.h>

#include "test.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void model_fixtures_list(model_fixtures *f)
{
    *f = (model_fixtures){0};
    DIR *d = opendir(MODEL_FIXTURES);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') {
            assert_true(f->n < MAX_MODEL_FIXTURES);
            f->names[f->n++] = strdup(e->d_name);
        }
    }
    closedir(d);
    qsort(f->names, f->n, sizeof *f->names, by_name);
}

void model_fixtures_clear(model_fixtures *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->names[i]);
    }
    f->n = 0;
}

char *model_fixture_dir(const char *name)
{
    char *dir;
    assert_true(asprintf(&dir, "%s/%s", MODEL_FIXTURES, name) > 0);
    return dir;
}

json_t *model_fixture_read(const char *name)
{
    char *path;
    assert_true(asprintf(&path, "%s/%s/expected.json", MODEL_FIXTURES, name) > 0);
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why);
    if (!doc) {
        fail_msg("%s: %s", path, why.text);
    }
    free(path);
    return doc;
}

static uint32_t number(const json_t *rows, size_t i, size_t j)
{
    const json_t *x = json_array_get(json_array_get(rows, i), j);
    assert_true(json_is_integer(x));
    return (uint32_t)json_integer_value(x);
}

/* Numbers of an array of any depth, one behind the other. */
static size_t flatten(double *out, const json_t *x)
{
    if (!json_is_array(x)) {
        assert_true(json_is_number(x));
        if (out) {
            *out = json_number_value(x);
        }
        return 1;
    }
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(x); i++) {
        n += flatten(out ? out + n : NULL, json_array_get(x, i));
    }
    return n;
}

/* Sequence i of the case, behind the tokens that are there. */
static void read_sequence(fixture_batch *b, const json_t *c, size_t i, const model *m)
{
    const json_t *ids = json_object_get(c, "ids");
    const json_t *types = json_object_get(c, "types"), *mask = json_object_get(c, "mask");
    const size_t len = json_array_size(json_array_get(ids, i));
    uint32_t *all = calloc(len, sizeof *all), *positions = calloc(len, sizeof *positions);
    assert_true(all && positions);
    for (size_t j = 0; j < len; j++) {
        all[j] = number(ids, i, j);
    }
    nn_positions(positions, m, all, len);
    size_t at = b->start[i];
    for (size_t j = 0; j < len; j++) {
        if (number(mask, i, j)) {
            b->ids[at] = all[j];
            b->positions[at] = positions[j];
            b->types[at++] = number(types, i, j);
        }
    }
    b->start[i + 1] = at;
    free(all);
    free(positions);
}

void fixture_batch_read(fixture_batch *b, const json_t *c, const model *m)
{
    const json_t *ids = json_object_get(c, "ids"), *expected = json_object_get(c, "expected");
    const size_t n = json_array_size(ids), room = flatten(NULL, ids) + 1;
    *b = (fixture_batch){.name = json_string_value(json_object_get(c, "name")),
                         .start = calloc(n + 1, sizeof *b->start),
                         .ids = calloc(room, sizeof *b->ids),
                         .positions = calloc(room, sizeof *b->positions),
                         .types = calloc(room, sizeof *b->types)};
    assert_true(n > 0 && b->name && b->start && b->ids && b->positions && b->types);
    for (size_t i = 0; i < n; i++) {
        read_sequence(b, c, i, m);
    }
    b->tokens = (tokens){.seqs = {.n = n, .start = b->start},
                         .ids = b->ids,
                         .positions = b->positions,
                         .types = b->types};
    b->rows = nn_encoder_rows(m, &b->tokens.seqs);
    b->columns = nn_encoder_columns(m);
    assert_int_equal(flatten(NULL, expected), b->rows * b->columns);
    b->expected = calloc(b->rows * b->columns, sizeof *b->expected);
    assert_non_null(b->expected);
    flatten(b->expected, expected);
}

void fixture_batch_clear(fixture_batch *b)
{
    free(b->expected);
    free(b->start);
    free(b->ids);
    free(b->positions);
    free(b->types);
    *b = (fixture_batch){0};
}
