/** The model directories of tests/vectors/models (tools/make_model_fixtures.py): names, and the
 * batches with the outputs that PyTorch gives for them. Whatever is wrong with a file fails the
 * test at hand. */
#ifndef TACIT_TESTS_MODEL_FIXTURE_H
#define TACIT_TESTS_MODEL_FIXTURE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "nn/encoder.h"

#define MODEL_FIXTURES "tests/vectors/models"

enum { MAX_MODEL_FIXTURES = 64 };

/** Names of the directories below MODEL_FIXTURES, sorted. */
typedef struct {
    size_t n;
    char *names[MAX_MODEL_FIXTURES];
} model_fixtures;

void model_fixtures_list(model_fixtures *f);
void model_fixtures_clear(model_fixtures *f);

/** MODEL_FIXTURES/name, to be given back with free. */
char *model_fixture_dir(const char *name);

/** expected.json of a directory; the caller's. Its "cases" hold name, text, pair, ids, types, mask
 * (a row a sequence, padded) and expected. */
json_t *model_fixture_read(const char *name);

/** One case, packed for the forward pass: tokens that the mask hides are left out. */
typedef struct {
    const char *name;
    tokens tokens;
    size_t rows, columns;
    double *expected; /* rows × columns */
    size_t *start;
    uint32_t *ids, *positions, *types; /* what tokens points to */
} fixture_batch;

void fixture_batch_read(fixture_batch *b, const json_t *fixture_case, const model *m);
void fixture_batch_clear(fixture_batch *b);

#endif
