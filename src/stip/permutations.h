/** The developer's permutations: all that a model is protected with, drawn from one seed.
 *
 * Source: docs/design/stip.md Eq. (1) to (9). Two families, with nothing in common but the seed:
 * the outer ones, `hidden` and `outputs`, go to the data owner; the inner ones stay here.
 */
#ifndef TACIT_STIP_PERMUTATIONS_H
#define TACIT_STIP_PERMUTATIONS_H

#include "base/secret.h"
#include "model/model.h"

enum { STIP_SEED_BYTES = 32 };

/** Of one layer. Heads are permuted as wholes and, inside, each head's features: one way for
 * queries and keys, another for values. */
typedef struct {
    uint32_t *heads; /* n_heads */
    uint32_t *query; /* dim: rows of Wq and Wk */
    uint32_t *value; /* dim: rows of Wv, columns of Wo */
    uint32_t *inner; /* ff: rows of W1, columns of W2 */
} stip_layer;

typedef struct {
    uint32_t *hidden;   /* π: dim */
    uint32_t *outputs;  /* π_c: n_labels; NULL where the head is an embedding */
    uint32_t *dense;    /* dim: rows of the head's dense map; NULL where it has none */
    stip_layer *layers; /* n_layers */
    secret memory;      /* what the lists lie in */
} stip_permutations;

/** Draw them for a model. The same seed and shape give the same lists on every machine. */
status stip_draw(stip_permutations **out, const model *m, const uint8_t seed[STIP_SEED_BYTES],
                 error *err) MUST_USE;
void stip_permutations_free(stip_permutations *p); /* wipes */

#endif
