/** Matrix products mod 2^bits.
 *
 * C (+)= A W: A is m × k, row-major; W, k × n, is packed beforehand, once for all instruction sets,
 * so that it can stand in a file and be mapped.
 *
 * The packed form. A word is L = ring_limbs(bits) bytes. K is k rounded up to a multiple of 64, N
 * is n rounded up to a multiple of 16. Byte l (the lowest is 0) of w[i][j] stands at
 *
 *     ((j/16 · K/64 + i/64) · L + l) · 1024 + i%64/4 · 64 + j%16 · 4 + i%4
 *
 * that is, tiles of 64 rows by 16 columns of one byte each, four consecutive rows of a column
 * together; the L tiles of a place stand one behind the other, then those of the next 64 rows, then
 * the next 16 columns. What is behind the last row, the last column or the last bit is zero.
 * K · N · L bytes, at a multiple of 64 in memory.
 */
#ifndef TACIT_RING_GEMM_H
#define TACIT_RING_GEMM_H

#include <stdbool.h>

#include "base/pool.h"
#include "ring/ring.h"

enum { RING_RIGHT_ALIGN = 64 };

typedef struct {
    size_t k, n;
    unsigned bits;
    const uint8_t *data; /* packed, at a multiple of RING_RIGHT_ALIGN */
} ring_right;

/** Bytes of a packed k × n matrix; false where that does not fit a size_t. */
bool ring_right_bytes(size_t *bytes, size_t k, size_t n, unsigned bits);

/** Pack w, of each element its low `bits` bits; w[i][j] stands at w[i row_stride + j col_stride],
 * so that a transpose or some columns need no copy. Cost: one pass. */
void ring_right_pack(const ring_kernels *t, uint8_t *out, const uint64_t *w, size_t k, size_t n,
                     size_t row_stride, size_t col_stride, unsigned bits);

/** What becomes of C. */
typedef enum { RING_SET, RING_ADD, RING_SUBTRACT } ring_op;

/** Bytes of scratch for ring_gemm with this pool (NULL: one thread); false where that does not fit
 * a size_t. */
bool ring_gemm_scratch(size_t *bytes, const ring_kernels *t, const pool *p, size_t m, size_t k,
                       unsigned bits);

/** c = a w, c + a w or c - a w mod 2^bits, bits being w's.
 *
 * p        pool, or NULL: all of it on this thread, as within somebody else's parallel_for
 * c        m × n, row stride ldc; apart from a. SET does not read it
 * a        m × k, row stride lda; its words need not be reduced
 * scratch  ring_gemm_scratch bytes at a cache line; holds words of a and c afterwards
 *
 * The same words for every number of threads and every table. Cost: docs/design/ring.md; figures:
 * docs/results/ring.md.
 */
void ring_gemm(const ring_kernels *t, pool *p, ring_op op, uint64_t *c, size_t ldc,
               const uint64_t *a, size_t lda, size_t m, const ring_right *w, void *scratch);

#endif
