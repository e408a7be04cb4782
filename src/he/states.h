/** The data owner's first step, in the clear: the norm behind the embeddings. */
#ifndef TACIT_HE_STATES_H
#define TACIT_HE_STATES_H

#include "model/model.h"

/** ERR_POLICY for forms that the owner cannot compute alone. */
status he_states_check(const model *m, error *err) MUST_USE;

/** x, n rows of sums of tables, to hidden states, in place. */
void he_states(float *x, const norm *n, size_t rows);

#endif
