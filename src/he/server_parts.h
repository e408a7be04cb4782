/** A server's weights: shared by its files alone. */
#ifndef TACIT_HE_SERVER_PARTS_H
#define TACIT_HE_SERVER_PARTS_H

#include "he/server.h"

struct he_server {
    const he_plan *plan;
    ckks_plain **plain; /* of each step: diagonals of a map, gamma of a residual */
    size_t *n_plain;
};

#endif
