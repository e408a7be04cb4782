/** How long a plan will take on this machine: its tally, times what each operation takes here. */
#ifndef TACIT_HE_FORECAST_H
#define TACIT_HE_FORECAST_H

#include "base/pool.h"
#include "he/plan.h"

typedef struct {
    double run;  /* seconds of one input, from its ciphertext to that of the answer */
    double keys; /* making, sending and reading all keys, on one machine */
} he_forecast;

/** Every kind of operation is timed once on the plan's ring, on random numbers. Cost: about a
 * second and the memory of one key. */
status he_forecast_make(he_forecast *out, const he_plan *p, pool *threads, error *err) MUST_USE;

#endif
