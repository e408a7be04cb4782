/* Two matrices with the same columns in different orders: which is which. */
#include <math.h>

#include "base/mem.h"
#include "stip/attack_parts.h"

typedef struct {
    const float *column; /* k numbers, one behind the other */
    size_t k;
    uint32_t index;
} ranked;

static int by_numbers(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    for (size_t i = 0; i < x->k; i++) {
        if (x->column[i] != y->column[i]) {
            return x->column[i] < y->column[i] ? -1 : 1;
        }
    }
    return (x->index > y->index) - (x->index < y->index);
}

static void rank(ranked *out, float *columns, const float *m, size_t k, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < k; i++) {
            columns[j * k + i] = m[i * n + j];
        }
        out[j] = (ranked){.column = columns + j * k, .k = k, .index = (uint32_t)j};
    }
    qsort(out, n, sizeof *out, by_numbers);
}

status attack_columns_by_rank(uint32_t *guess, const float *seen, const float *known, size_t k,
                              size_t n, error *err)
{
    size_t numbers;
    if (!mem_mul(&numbers, k, n)) {
        return error_memory(err);
    }
    ranked *a = mem_new(n, sizeof *a), *b = mem_new(n, sizeof *b);
    float *x = mem_new(numbers, sizeof *x), *y = mem_new(numbers, sizeof *y);
    const bool ok = a && b && x && y;
    if (ok) {
        rank(a, x, seen, k, n);
        rank(b, y, known, k, n);
        for (size_t j = 0; j < n; j++) {
            guess[a[j].index] = b[j].index;
        }
    }
    mem_free(a);
    mem_free(b);
    mem_free(x);
    mem_free(y);
    return ok ? OK : error_memory(err);
}

void attack_columns_by_distance(uint32_t *guess, const float *seen, const float *known, size_t k,
                                size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double least = INFINITY;
        guess[j] = 0;
        for (size_t i = 0; i < n; i++) {
            double distance = 0;
            for (size_t r = 0; r < k && distance < least; r++) {
                const double e = (double)seen[r * n + j] - (double)known[r * n + i];
                distance += e * e;
            }
            if (distance < least) {
                least = distance;
                guess[j] = (uint32_t)i;
            }
        }
    }
}
