/** Weights as the parties hold them: nobody has them in the clear.
 *
 * W = B0 + B1 + m mod 2^bits. The masked weight m is known to both servers and opened once per
 * model; B0 and B1 come from a seed each. Server 0 computes with m + B0, server 1 with B1; the
 * dealer has B0 + B1 and never sees m.
 */
#ifndef TACIT_MPC_WEIGHT_H
#define TACIT_MPC_WEIGHT_H

#include <stdbool.h>

#include "ring/gemm.h"

typedef struct {
    size_t in, out;
    bool by_column;      /* a vector that scales columns: in is 1 */
    unsigned bits, frac; /* ring of product and weight; fraction bits of the weight */
    ring_right share;    /* matrices: a server's share; the dealer's B0 + B1 */
    ring_right masked;   /* matrices: m; servers alone */
    const uint64_t *share_row, *masked_row; /* vectors: the same */
    const uint64_t *bias; /* a server's share, at the product's fraction; NULL for the dealer */
} mpc_weight;

#endif
