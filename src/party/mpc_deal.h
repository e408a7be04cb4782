/** The dealer's step beforehand: material for both servers, for as many inferences as are asked
 * for, of the lengths that are asked for. */
#ifndef TACIT_PARTY_MPC_DEAL_H
#define TACIT_PARTY_MPC_DEAL_H

#include "party/mpc_material.h"

typedef struct {
    const char *dir;     /* the dealer's part of a sharing */
    const char *to[2];   /* directories for the servers, to be made */
    const char *lengths; /* as for mpc_material_parse */
    mpc_asks asks;       /* for answers of this kind */
    uint64_t count;      /* inferences of each */
    size_t threads;      /* 0: one per processor */
    void (*progress)(void *ctx, const char *what, size_t done, size_t total); /* NULL: none */
    void *ctx;
} mpc_deal_options;

/** The directories appear whole or not at all, mode 0700. *out: what was dealt, to be cleared.
 * Memory is that of one inference's walk, whatever the count; disk is what mpc_kind.stride says. */
status mpc_deal(mpc_material *out, const mpc_deal_options *o, error *err) MUST_USE;

#endif
