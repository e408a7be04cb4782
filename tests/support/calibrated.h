/** A small model of tests/vectors/models with the ranges of its own texts, and a batch of them
 * embedded: what a test of a whole protected inference begins with. */
#ifndef TACIT_TESTS_CALIBRATED_H
#define TACIT_TESTS_CALIBRATED_H

#include "plain/plain.h"
#include "support/model_fixture.h"

typedef struct {
    model *m;
    embedded in;     /* embedded, and as tokens too */
    size_t n;        /* numbers of the answer */
    float *expected; /* the plain engine's */

    fixture_batch batch;
    range_recorder *seen;
    slot_range *ranges;
    const slot_range *had;
    size_t n_had;
    float *x;
} calibrated;

/** The batch is case `number` of the model's expected.json. */
void calibrated_open(calibrated *c, const char *name, size_t number);
void calibrated_close(calibrated *c);

#endif
