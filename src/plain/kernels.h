/** The plain engine's arithmetic: one table of kernels per instruction set.
 *
 * `ref` is complete, plain C and always built; a table for an instruction set replaces what that
 * set does faster. All kernels work on one thread, cannot fail and keep no state. Each output row
 * is computed by the same sequence of operations whatever rows or columns are computed beside it,
 * so that results depend neither on the number of threads nor on how a batch is packed.
 *
 * Weights are packed once into panels of PANEL columns of Wᵀ: element (k, j) of panel p stands at
 * (p K + k) PANEL + j; columns behind the last are zero (docs/design/plain-gemm.md).
 */
#ifndef TACIT_PLAIN_KERNELS_H
#define TACIT_PLAIN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "model/forms.h"

enum {
    PANEL = 32,      /* columns of a packed panel */
    BF16_DEPTH = 32, /* a bf16 operand's depth is padded with zeros to a multiple of this */
    TILE_ROWS = 16   /* rows of a tile of a bf16 operand */
};

/** What a row of scores became: weights that want to be multiplied by factor. */
typedef struct {
    float factor; /* 1/sum, 1/(kappa n^alpha), T(sum), …: P_j = factor · weight_j */
    float sum;    /* of the unnormalised weights, where a range recorder asks for it */
} row_weights;

typedef struct {
    const char *isa;

    /** y = x·W + bias, m × n with row strides ldy and ldx; W packed, k deep; bias NULL is 0.
     * Each element is one chain of k fused (ref: unfused) multiply-adds in order of k, starting
     * from the bias: |error| <= k·2^-23 · (|x|·|W| + |bias|). */
    void (*gemm)(float *y, size_t ldy, const float *x, size_t ldx, const float *w,
                 const float *bias, size_t m, size_t k, size_t n);

    /** The same, faster, on rows that were packed beforehand: tiles of `height` rows, the last
     * may have fewer; element (i, j) of a tile of r rows at j r + i, the tile of row i0 at i0 k.
     * `next` is where the caller reads panels after this call, or NULL: while a panel is
     * multiplied, the next is fetched. tile_rows is the greatest height; 0 where there is no such
     * kernel. */
    size_t tile_rows;
    void (*pack_tile)(float *out, const float *x, size_t ldx, size_t rows, size_t k);
    void (*gemm_tiles)(float *y, size_t ldy, const float *x, size_t height, const float *w,
                       const float *bias, size_t m, size_t k, size_t n, const void *next);

    /** Pack n rows of x, k wide with stride ldx, times scale, as the columns of W in gemm: W = xᵀ.
     * out has k floats for each column, columns rounded up to a multiple of PANEL. */
    void (*pack_rows)(float *out, const float *x, size_t ldx, float scale, size_t k, size_t n);

    /** The same for a W that is given as it is, k rows of n columns with stride ldx. */
    void (*pack_columns)(float *out, const float *x, size_t ldx, size_t k, size_t n);

    /** Scores of one query of one head to weights, in place; n visible keys. Each weight is
     * within 2^-22 of the form, relatively (exp between -87 and 88.7; a pointwise sigma as in
     * activate); the sum within (n/8 + 8)·2^-24 of the sum of their sizes. */
    row_weights (*weights)(float *s, size_t n, const attention *a, size_t h);

    /** y = f(x), n elements; y may be x. ref is right to the last bit but one; the others are
     * within 2^-22·|x| (gelu, gelu-tanh, silu), 2^-22·|y| (tanh), 2^-22 of the sum of the terms
     * (quad), 2^-22·(degree + 1)·Σ|a| inside its interval (polynomial). */
    void (*activate)(float *y, const float *x, size_t n, const activation *f);

    /** One row of f->dim elements: y = norm(x + residual); residual may be NULL, y may be x.
     * Statistics are taken in two passes; |error| <= 2e-6·(2 + |y|) for rows whose mean is not
     * much larger than their deviation. */
    void (*normalise)(float *y, const float *x, const float *residual, const norm *f);

    /** y = x rounded to bf16 (nearest even), n elements. */
    void (*to_bf16)(uint16_t *y, const float *x, size_t n);

    /** The next four are NULL where the instruction set multiplies no bf16: then fp32 arithmetic
     * on rounded operands stands in.
     *
     * Round m rows of x, k wide with stride ldx, into tiles of TILE_ROWS × BF16_DEPTH, each of
     * them contiguous: element (i, j) at (i/16 · K/32 + j/32)·512 + i%16 · 32 + j%32, K = k rounded
     * up. What is behind the last column is zero; rows are not filled up. */
    void (*tiles_bf16)(uint16_t *out, const float *x, size_t ldx, size_t m, size_t k);

    /** As pack_rows and pack_columns: W rounded to bf16 in pairs along k, whose depth K is rounded
     * up with zeros: element (k, j) of panel p at ((p K/2 + k/2) PANEL + j)·2 + k%2. */
    void (*pack_rows_bf16)(uint16_t *out, const float *x, size_t ldx, float scale, size_t k,
                           size_t n);
    void (*pack_columns_bf16)(uint16_t *out, const float *x, size_t ldx, size_t k, size_t n);

    /** As gemm_tiles, on bf16 operands with fp32 sums: x in tiles, readable to the end of its last
     * one; W packed in pairs along k, depth a multiple of BF16_DEPTH: element (k, j) of panel p at
     * ((p K/2 + k/2) PANEL + j)·2 + k%2. The bound is that of gemm, on the rounded operands;
     * numbers that are denormal count as zero. */
    void (*gemm_bf16)(float *y, size_t ldy, const uint16_t *x, const uint16_t *w, const float *bias,
                      size_t m, size_t k, size_t n, const void *next);
} plain_kernels;

/** Fill the table for a level; what the architecture does not have falls back to ref. */
void plain_kernels_pick(plain_kernels *out, isa level);

/** Each file puts in what its instruction set does better and leaves the rest. Files for another
 * architecture are empty. */
void plain_kernels_ref(plain_kernels *t);
void plain_gemm_avx2(plain_kernels *t);
void plain_gemm_avx512(plain_kernels *t);
void plain_gemm_amx(plain_kernels *t);
void plain_pack_avx512(plain_kernels *t);
void plain_pack_amx(plain_kernels *t);
void plain_pointwise_avx2(plain_kernels *t);
void plain_pointwise_avx512(plain_kernels *t);

#endif
