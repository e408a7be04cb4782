/* Ranges of a random model, for protections that need calibrated ones.
 *
 * Random weights see narrower ranges than trained ones, and would make look-ups cheaper than they
 * are. What one run shows is therefore widened to what a converted model shows: inputs of
 * activations to ±12, row sums to a ratio of 128, variances to one of 1,000; under softmax scores
 * to ±40, as models have them that nobody has trained anew. */
#include <stdlib.h>
#include <string.h>

#include "api/bench_model.h"
#include "base/mem.h"

/* Protections add margins of a quarter at each end, its square to the largest variance. */
static const double MARGIN = 1.25, ACTIVATION = 12, SCORE = 40, SUM_RATIO = 128,
                    VARIANCE_RATIO = 1000;

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static slot_range widen(slot_range r, bool softmax)
{
    if (ends_with(r.slot, ".activation/input")) {
        r.lo = -ACTIVATION / MARGIN;
        r.hi = ACTIVATION / MARGIN;
    } else if (softmax && ends_with(r.slot, ".attention/scores")) {
        r.lo = -SCORE;
        r.hi = SCORE;
    } else if (ends_with(r.slot, ".attention/sum")) {
        r.lo = r.hi * MARGIN * MARGIN / SUM_RATIO;
    } else if (ends_with(r.slot, "norm/variance")) {
        r.lo = r.hi * MARGIN * MARGIN * MARGIN / VARIANCE_RATIO;
    }
    return r;
}

static int by_slot(const void *a, const void *b)
{
    return strcmp(((const slot_range *)a)->slot, ((const slot_range *)b)->slot);
}

status bench_ranges(slot_range **out, const range_recorder *seen, bool softmax, arena *names,
                    error *err)
{
    const size_t n = range_recorder_count(seen);
    slot_range *ranges = *out = arena_take(names, n, sizeof *ranges);
    if (!ranges) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        ranges[i] = widen(range_recorder_get(seen, i), softmax);
        const size_t len = strlen(ranges[i].slot) + 1;
        char *name = arena_take(names, len, 1);
        if (!name) {
            return error_memory(err);
        }
        ranges[i].slot = memcpy(name, ranges[i].slot, len);
    }
    qsort(ranges, n, sizeof *ranges, by_slot);
    return OK;
}
