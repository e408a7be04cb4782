/** A weight as its three holders have it: for tests of gates, without a model around it. */
#ifndef TACIT_TESTS_SHARED_WEIGHT_H
#define TACIT_TESTS_SHARED_WEIGHT_H

#include "mpc/party.h"
#include "mpc/weight.h"

typedef struct {
    mpc_weight of[3]; /* server 0, server 1, dealer */
    void *blocks[8];
} shared_weight;

/** What a weight is made of. in 1 and by_column: a vector that scales columns. */
typedef struct {
    size_t in, out;
    bool by_column;
    unsigned bits, frac;
    const uint64_t *w;      /* in × out, row-major */
    const uint64_t *pad[2]; /* B0 and B1, as large */
    const uint64_t *bias;   /* out */
    const uint64_t *bias_1; /* server 1's share of it */
} weight_parts;

void shared_weight_new(shared_weight *s, const weight_parts *p);
void shared_weight_clear(shared_weight *s);

/** The one that a walk works with. */
const mpc_weight *shared_weight_for(const shared_weight *s, const mpc *p);

#endif
