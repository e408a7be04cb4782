/** Rows and columns of a matrix in another order. Elements are moved, never computed with, so
 * that every type of number stays exact.
 *
 * A permutation p of n things is the list p[0] … p[n-1] of the places that things are taken from:
 * (x·P)[j] = x[p[j]], docs/design/stip.md Eq. (1).
 */
#ifndef TACIT_STIP_PERMUTE_H
#define TACIT_STIP_PERMUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** dst[i][j] = src[rows[i]][columns[j]] for n_rows × n_columns elements of `size` bytes, 2 or 4,
 * aligned to nothing. A NULL list leaves the order as it is. dst and src do not overlap. */
void stip_permute(void *dst, const void *src, size_t size, size_t n_rows, size_t n_columns,
                  const uint32_t *rows, const uint32_t *columns);

/** dst[i][j] = src[i][columns[j]], and the way back, dst[i][columns[j]] = src[i][j]. */
void stip_permute_floats(float *dst, const float *src, size_t n_rows, size_t n,
                         const uint32_t *columns);
void stip_restore_floats(float *dst, const float *src, size_t n_rows, size_t n,
                         const uint32_t *columns);

/** Whether p holds each of 0 … n-1 once. seen is scratch of n bytes. */
bool stip_is_permutation(const uint32_t *p, size_t n, uint8_t *seen);

#endif
