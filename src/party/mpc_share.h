/** The model owner's step: a model directory becomes one for each party of mpc.
 *
 *   server0, server1   config.json, plan, the masked weights, and the server's own seed
 *   dealer             config.json, plan, both seeds, no weights
 *   owner              for data owners: config.json with names of labels, tables of embeddings
 *                      unless they are shared too, tokenizer; no layers
 *
 * Whoever has the directories of both servers has the model, and so has whoever has a server's and
 * the dealer's.
 */
#ifndef TACIT_PARTY_MPC_SHARE_H
#define TACIT_PARTY_MPC_SHARE_H

#include "party/mpc_sharing.h"

typedef struct {
    const char *server[2], *dealer;
    const char *owner; /* NULL: none */
    bool label_only;   /* data owners get labels, never numbers */
    bool oblivious;    /* the tables of embeddings are shared too; data owners get none */
} mpc_share_options;

/** Draw fresh seeds and write the directories, which must not exist and appear whole or not at
 * all, all mode 0700. *out: the sharing. ERR_USAGE where a path is taken, ERR_POLICY and
 * ERR_PRECISION as mpc_plan_make, ERR_ARTEFACT, ERR_RESOURCE. Memory: a copy of the weights. */
status mpc_share(mpc_sharing *out, const char *src, const mpc_share_options *to,
                 error *err) MUST_USE;

#endif
