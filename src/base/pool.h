/** One pool of threads, made by the program and passed in.
 *
 * Ranges are split the same way whatever the number of threads asks for: work must be such that
 * a part's result does not depend on who computes it or beside whom.
 */
#ifndef TACIT_BASE_POOL_H
#define TACIT_BASE_POOL_H

#include <stddef.h>

#include "base/status.h"

typedef struct pool pool;

/** Work on [begin, end); worker < pool_size() tells scratch spaces apart. */
typedef void pool_fn(void *ctx, size_t begin, size_t end, size_t worker);

/** n_threads counts the caller, so 1 makes no thread; 0 means one per processor at hand. */
status pool_new(pool **out, size_t n_threads, error *err) MUST_USE;
void pool_free(pool *p);
size_t pool_size(const pool *p);

/** fn over [0, n) in pieces of `grain` (the last may be shorter), in any order, by all threads
 * and the caller. Returns when all of it is done. Not to be called from inside fn. */
void parallel_for(pool *p, size_t n, size_t grain, pool_fn *fn, void *ctx);

#endif
