#include "stip/permute.h"

#include <string.h>

#include "base/status.h"

static void permute_row(uint8_t *dst, const uint8_t *src, size_t size, size_t n,
                        const uint32_t *columns)
{
    if (!columns) {
        memcpy(dst, src, n * size);
    } else if (size == 4) { /* of a size known to the compiler, a copy is one instruction */
        for (size_t j = 0; j < n; j++) {
            memcpy(dst + 4 * j, src + 4 * (size_t)columns[j], 4);
        }
    } else {
        for (size_t j = 0; j < n; j++) {
            memcpy(dst + 2 * j, src + 2 * (size_t)columns[j], 2);
        }
    }
}

void stip_permute(void *dst, const void *src, size_t size, size_t n_rows, size_t n_columns,
                  const uint32_t *rows, const uint32_t *columns)
{
    CHECK(size == 2 || size == 4);
    const size_t row = n_columns * size;
    for (size_t i = 0; i < n_rows; i++) {
        const size_t from = rows ? rows[i] : i;
        permute_row((uint8_t *)dst + i * row, (const uint8_t *)src + from * row, size, n_columns,
                    columns);
    }
}

void stip_permute_floats(float *dst, const float *src, size_t n_rows, size_t n,
                         const uint32_t *columns)
{
    stip_permute(dst, src, sizeof *dst, n_rows, n, NULL, columns);
}

void stip_restore_floats(float *dst, const float *src, size_t n_rows, size_t n,
                         const uint32_t *columns)
{
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n; j++) {
            dst[i * n + columns[j]] = src[i * n + j];
        }
    }
}

bool stip_is_permutation(const uint32_t *p, size_t n, uint8_t *seen)
{
    memset(seen, 0, n);
    for (size_t i = 0; i < n; i++) {
        if (p[i] >= n || seen[p[i]]) {
            return false;
        }
        seen[p[i]] = 1;
    }
    return true;
}
