/* A variant as a directory, its calibrated ranges included. */
#include <math.h>

#include "api/variant.h"
#include "base/mem.h"

/* Wider by the margin on each side. What is positive by nature, a variance or a sum of squares,
 * stays so: what matters of it is the ratio of its bounds, which grows by the margin at each. */
static slot_range widened(slot_range r, double margin)
{
    if (r.lo >= 0) {
        return (slot_range){.slot = r.slot, .lo = r.lo / (1 + margin), .hi = r.hi * (1 + margin)};
    }
    const double pad = margin * (r.hi - r.lo) / 2;
    return (slot_range){.slot = r.slot, .lo = r.lo - pad, .hi = r.hi + pad};
}

status variant_write(const variant *v, const char *src, const char *dst, const recipe *r,
                     const range_recorder *seen, double margin, error *err)
{
    const size_t n = range_recorder_count(seen);
    slot_range *ranges = mem_new(n, sizeof *ranges);
    if (!ranges) {
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        ranges[i] = widened(range_recorder_get(seen, i), margin);
    }
    recipe_change change = {.recipe = *r, .n_tensors = v->n_constants, .tensors = v->constants};
    change.recipe.n_ranges = n;
    change.recipe.ranges = ranges;
    const status st = recipe_apply(src, dst, &change, err);
    mem_free(ranges);
    return st;
}
