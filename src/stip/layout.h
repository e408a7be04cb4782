/** What becomes of each tensor of a model: which permutation goes along which of its axes.
 *
 * Source: docs/design/stip.md Eq. (2) to (9). The list names every tensor that the model uses and
 * no other, so a constant that nobody has thought of is refused rather than passed on.
 */
#ifndef TACIT_STIP_LAYOUT_H
#define TACIT_STIP_LAYOUT_H

#include "model/safetensors.h"
#include "stip/permutations.h"

typedef struct {
    const stored_tensor *source;
    const uint32_t *rows, *columns; /* NULL: as they are */
    bool blank;                     /* only zeros go out, … */
    size_t blank_rows;              /* … this many rows of them */
} stip_part;

typedef struct {
    stip_part *parts; /* n */
    size_t n, cap;
} stip_layout;

/** Cost: a look at each tensor's name. Returns ERR_POLICY, naming the tensor, where a constant of
 * the recipe has no rule. */
status stip_layout_new(stip_layout *out, const model *m, const stip_permutations *p,
                       error *err) MUST_USE;
void stip_layout_clear(stip_layout *l);

#endif
