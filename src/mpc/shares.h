/** A model's weights, split: what the owner gives each server and the dealer, and what each makes
 * of it.
 *
 * The masked weights are the same for both servers and hide everything: each word has a pad that is
 * the sum of two streams, one from each server's seed; the dealer has both seeds and never sees
 * them. A seed belongs to one plan and one model: another width, fraction, folding or recipe is a
 * new sharing with new seeds.
 */
#ifndef TACIT_MPC_SHARES_H
#define TACIT_MPC_SHARES_H

#include "base/file.h"
#include "base/random.h"
#include "mpc/plan.h"
#include "mpc/weight.h"
#include "ring/ring.h"

/** Where a part of the masked weights is in their file. */
typedef struct {
    size_t in, out; /* in is 0 for a vector of words */
    unsigned bits;
    size_t offset, bytes; /* a multiple of 64 */
    char name[96];        /* names its streams */
} share_part;

/** All parts, in order: by linear map its matrix and bias, then by norm with a residual γ and β,
 * then the tables of embeddings where they are shared, and a bias of zeros. */
typedef struct {
    size_t n, bytes; /* of all parts together */
    share_part *parts;
} share_layout;

/** From the plan and the model's shapes alone. */
status share_layout_new(share_layout *out, const model *m, const mpc_plan *p, error *err) MUST_USE;
void share_layout_clear(share_layout *l);

/** The owner: masked weights, `layout->bytes` at a multiple of 64, under two fresh seeds. */
status mpc_mask_weights(uint8_t *masked, const share_layout *l, const model *m, const mpc_plan *p,
                        const uint8_t seeds[2][PRG_SEED_BYTES], error *err) MUST_USE;

typedef enum { HOLDER_SERVER0, HOLDER_SERVER1, HOLDER_DEALER } mpc_holder;

/** One party's weights, ready for gates. */
typedef struct {
    mpc_weight *linears; /* by id */
    mpc_weight *norms;   /* by op id; out is 0 where there is none */
    mpc_weight tables;   /* out is 0 where they are not shared */
    uint8_t *shares;     /* all of this party's packed shares */
    size_t bytes;
} mpc_weights;

/** masked: what mpc_mask_weights wrote, NULL for the dealer; it stays the caller's and must
 * outlive this. seeds: both for the dealer, the own one (twice) for a server. */
status mpc_weights_new(mpc_weights **out, mpc_holder who, const uint8_t *masked,
                       const share_layout *l, const model *m, const mpc_plan *p,
                       const uint8_t seeds[2][PRG_SEED_BYTES], error *err) MUST_USE;
void mpc_weights_free(mpc_weights *w);

#endif
