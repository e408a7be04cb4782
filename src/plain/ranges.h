/** How operations tell a range recorder what they see. */
#ifndef TACIT_PLAIN_RANGES_H
#define TACIT_PLAIN_RANGES_H

#include "plain/plain.h"

/** An interval that grows; empty while lo > hi. */
typedef struct {
    double lo, hi;
} interval;

interval interval_empty(void);

/** Take in one number or a whole array; NaN is passed over. */
void interval_add(interval *i, double x);
void interval_add_all(interval *i, const float *x, size_t n);
void interval_join(interval *i, interval other);

/** Widen the slot `operation/quantity`, which begins empty. An empty interval changes nothing. */
status range_recorder_widen(range_recorder *r, const char *operation, const char *quantity,
                            interval seen, error *err) MUST_USE;

#endif
