/** The tile of fp32 products: a few rows times a few columns of one panel, their sums in registers.
 * An instruction set's file writes tile_any for it, then includes gemm_driver.h. */
#ifndef TACIT_PLAIN_GEMM_TILE_H
#define TACIT_PLAIN_GEMM_TILE_H

#include "base/unroll.h"
#include "plain/kernels.h"

enum { CHUNK = 8, LINE = 64 };

typedef struct {
    const float *x; /* ldx > 0: rows of that stride; 0: packed, the rows' elements interleaved */
    size_t ldx;
    const float *w; /* the first of these columns in its panel */
    size_t k;
    float *y;
    size_t ldy;
    size_t columns;       /* that there are */
    const float *bias;    /* NULL: 0 */
    int resume;           /* sums begin as what y holds, not as the bias */
    const char *fetch;    /* lines to fetch while this tile is computed: */
    size_t fetch_a_chunk; /* so many for every CHUNK of k, packed rows only */
} tile;

#endif
